import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llm_proxy.pipeline.dialects.arguments import CUSTOM_SCHEMA
from llm_proxy.pipeline.dialects.losses import Losses
from llm_proxy.pipeline.dialects.tool_naming import Naming, as_function, offered
from llm_proxy.pipeline.dialects.turns import Conversation, Turn
from llm_proxy.pipeline.errors import Untranslatable
from llm_proxy.pipeline.parts import Text, ToolCall, ToolResult
from llm_proxy.pipeline.request import Tool, ToolChoice

RULE = re.compile(r"[A-Za-z0-9_-]{1,64}")
NAMING = Naming(RULE, re.compile(r"[A-Za-z0-9_-]{1,40}"))
LONG = "mcp__a_server_with_a_very_long_name__and_a_tool_with_a_longer_one_still"

names = st.one_of(
    st.text(max_size=80),
    st.sampled_from([LONG, LONG + "2", "a.b", "a:b", "a_b", "2 b", ".b", "\ud800"]),
)


@given(st.sets(names, max_size=8))
def test_names_and_ids_stay_apart_and_keep_the_rule(given_names: set[str]) -> None:
    sent = {NAMING.name_of(name) for name in given_names}
    assert len(given_names) == len(sent)
    assert all(RULE.fullmatch(name) for name in sent)
    ids = {NAMING.id_of(name) for name in given_names}
    assert len(given_names) == len(ids)
    assert all(NAMING.id.fullmatch(id_) for id_ in ids)


@given(names)
def test_what_is_sent_stays_what_it_is(name: str) -> None:
    assert NAMING.name_of(name) == NAMING.name_of(NAMING.name_of(name))
    assert NAMING.id_of(name) == NAMING.id_of(NAMING.id_of(name))


@given(st.sets(names, max_size=8))
def test_every_renamed_tool_is_known_by_its_name_again(given_names: set[str]) -> None:
    renamed = NAMING.renamed([Tool(name) for name in given_names])
    sent = [NAMING.name_of(name) for name in given_names]
    assert given_names == {renamed.get(name, name) for name in sent}
    assert all(sent_name != name for sent_name, name in renamed.items())


def test_what_fits_is_kept() -> None:
    assert "get_weather-2" == NAMING.name_of("get_weather-2")
    assert "toolu_01AbC" == NAMING.id_of("toolu_01AbC")
    assert {} == NAMING.renamed([Tool("f")])


def test_a_replacement_can_be_read() -> None:
    assert re.fullmatch(r"a_b_c_[0-9a-f]{8}", NAMING.name_of("a.b:c"))
    assert NAMING.name_of(LONG).startswith(LONG[:55] + "_")
    assert re.fullmatch(r"call_[0-9a-f]{24}", NAMING.id_of("call|with|a|signature" * 4))


def test_tools_and_choice_are_named_alike() -> None:
    (sent,) = NAMING.tools([Tool("a.b", origin={"x": 1})])
    assert Tool(NAMING.name_of("a.b")) == sent
    choice = NAMING.choice(ToolChoice("required", ("a.b", "f")))
    assert ToolChoice("required", (sent.name, "f")) == choice
    assert None is NAMING.choice(None)


def test_calls_and_results_of_the_history_are_named_alike() -> None:
    id_ = "i" * 50
    call, result = ToolCall(id_, "a.b", "{}"), ToolResult(id_, (Text("4"),), name="a.b")
    text = Turn("user", (Text("a"),))
    talk = Conversation((), (text, Turn("assistant", (Text("a"), call)), Turn("user", (result,))))
    same, calling, answering = NAMING.conversation(talk).turns
    assert same is text
    assert Text("a") == calling.parts[0]
    expected = (NAMING.id_of(id_), NAMING.name_of("a.b"))
    assert expected == (calling.calls[0].id, calling.calls[0].name)
    assert expected == (answering.results[0].id, answering.results[0].name)


def test_a_result_that_names_no_tool_still_names_none() -> None:
    talk = Conversation((), (Turn("user", (ToolResult("1"),)),))
    assert "" == NAMING.conversation(talk).turns[0].results[0].name


F, SEARCH = Tool("f"), Tool("web_search", hosted=True)


@pytest.mark.parametrize(
    ("tools", "choice", "expected"),
    [
        ((F,), None, ((F,), None)),
        ((F,), ToolChoice("required"), ((F,), ToolChoice("required"))),
        ((F, SEARCH), ToolChoice("auto"), ((F,), ToolChoice("auto"))),
        ((F, SEARCH), ToolChoice("auto", ("f", "web_search")), ((F,), ToolChoice("auto", ("f",)))),
        ((F, SEARCH), ToolChoice("auto", ("web_search",)), ((F,), ToolChoice("none"))),
        ((SEARCH,), ToolChoice("auto"), ((), None)),
        ((SEARCH,), ToolChoice("auto", ("web_search",)), ((), None)),
        ((), ToolChoice("required"), ((), None)),
        ((), ToolChoice("auto"), ((), None)),
    ],
)
def test_what_any_vendor_can_offer(
    tools: tuple[Tool, ...], choice: ToolChoice | None, expected: object
) -> None:
    losses = Losses()
    assert expected == offered(tools, choice, losses)
    assert (("dropped tool web_search",) if SEARCH in tools else ()) == losses.told


@pytest.mark.parametrize(
    ("tools", "choice"),
    [
        ((F, SEARCH), ToolChoice("required", ("web_search",))),
        ((SEARCH,), ToolChoice("required")),
    ],
)
def test_a_tool_that_must_be_called_is_not_left_out(
    tools: tuple[Tool, ...], choice: ToolChoice
) -> None:
    with pytest.raises(Untranslatable) as raised:
        offered(tools, choice, Losses())
    assert ("tool_choice", 400) == (raised.value.param, raised.value.status)


def test_a_tool_of_free_text_is_a_function_with_one_argument() -> None:
    grammar = {"syntax": "lark", "definition": "start: /a+/"}
    tool = as_function(Tool("patch", description="Patches.", custom=True, grammar=grammar))
    assert ("patch", CUSTOM_SCHEMA, False) == (tool.name, tool.parameters, tool.custom)
    expected = "Patches.\n\nThe input must fit this lark grammar:\nstart: /a+/"
    assert expected == tool.description
    assert "" == as_function(Tool("patch", custom=True)).description
