"""Any conversation has the one shape that every vendor takes."""

from collections import Counter
from collections.abc import Sequence
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llm_proxy.pipeline.dialects.turns import (
    BILLING_LINE,
    NO_RESULT,
    Conversation,
    Turn,
    conversation,
)
from llm_proxy.pipeline.errors import Untranslatable
from llm_proxy.pipeline.parts import (
    OpaquePart,
    Part,
    Reasoning,
    Refusal,
    Text,
    ToolCall,
    ToolResult,
)
from llm_proxy.pipeline.request import ChatRequest, Message, Role
from tests.unit.pipeline.dialects.talk import IMAGE, requests

CALL, OTHER = ToolCall("1", "f", "{}"), ToolCall("2", "g", "{}")
RESULT = ToolResult("1", (Text("4"),))
ANSWERED = ToolResult("1", (Text("4"),), name="f")
NOTHING = ToolResult("2", (Text(NO_RESULT),), is_error=True, name="g")


def said(role: Role, *parts: Part | str) -> Message:
    made = (Text(part) if isinstance(part, str) else part for part in parts)
    return Message(role, tuple(made))


def talk(*messages: Message, system_turns: bool = True) -> Conversation:
    return conversation(ChatRequest("m", messages), system_turns=system_turns)


def turns(*messages: Message, system_turns: bool = True) -> list[tuple[str, tuple[Part, ...]]]:
    made = talk(*messages, system_turns=system_turns).turns
    return [(turn.role, turn.parts) for turn in made]


def all_parts(made: Conversation) -> list[Part]:
    return [*made.system, *(part for turn in made.turns for part in turn.parts)]


def texts_in(parts: Sequence[Part]) -> Counter[str]:
    """How often each word stands anywhere in the parts, that of results included."""
    inner = [p for part in parts if isinstance(part, ToolResult) for p in part.parts]
    found = [part.text for part in (*parts, *inner) if isinstance(part, Text | Refusal)]
    counted = ((word, text.count(word)) for word in ("one", "two", "three") for text in found)
    total: Counter[str] = Counter()
    for word, times in counted:
        total[word] += times
    return total


@given(requests, st.booleans())
def test_no_two_neighbours_have_one_role(request: ChatRequest, system_turns: bool) -> None:  # noqa: FBT001 - drawn
    made = conversation(request, system_turns=system_turns)
    roles = [turn.role for turn in made.turns]
    assert all(first != second for first, second in pairwise(roles))
    assert system_turns or "system" not in roles
    assert all(turn.parts for turn in made.turns)


@given(requests, st.booleans())
def test_every_call_has_its_result_right_behind_it(
    request: ChatRequest,
    system_turns: bool,  # noqa: FBT001 - drawn
) -> None:
    made = conversation(request, system_turns=system_turns).turns
    for turn, behind in pairwise((*made, Turn("user", ()))):
        if turn.calls and turn is not made[-1]:
            assert "user" == behind.role
            assert [call.id for call in turn.calls] == [result.id for result in behind.results]
            assert [call.name for call in turn.calls] == [result.name for result in behind.results]


@given(requests, st.booleans())
def test_there_is_no_result_without_a_call(request: ChatRequest, system_turns: bool) -> None:  # noqa: FBT001 - drawn
    made = conversation(request, system_turns=system_turns).turns
    for before, turn in pairwise((Turn("user", ()), *made)):
        assert not turn.results or before.calls
        assert "assistant" == turn.role or not turn.calls


@given(requests, st.booleans())
def test_results_stand_first_in_their_turn(request: ChatRequest, system_turns: bool) -> None:  # noqa: FBT001 - drawn
    for turn in conversation(request, system_turns=system_turns).turns:
        assert [*turn.results, *turn.rest] == list(turn.parts)


@given(requests, st.booleans())
def test_no_text_is_empty(request: ChatRequest, system_turns: bool) -> None:  # noqa: FBT001 - drawn
    parts = all_parts(conversation(request, system_turns=system_turns))
    inner = [p for part in parts if isinstance(part, ToolResult) for p in part.parts]
    assert all(part.text for part in (*parts, *inner) if isinstance(part, Text | Refusal))


@given(requests, st.booleans())
def test_no_text_is_lost(request: ChatRequest, system_turns: bool) -> None:  # noqa: FBT001 - drawn
    asked = [part for message in request.messages for part in message.parts]
    made = all_parts(conversation(request, system_turns=system_turns))
    assert texts_in(asked) == texts_in(made)


@given(requests, st.booleans())
def test_no_picture_and_nothing_unknown_is_lost(
    request: ChatRequest,
    system_turns: bool,  # noqa: FBT001 - drawn
) -> None:
    def counted(parts: Sequence[Part]) -> int:
        inner = [p for part in parts if isinstance(part, ToolResult) for p in part.parts]
        return sum(not isinstance(p, _WORDS) for p in (*parts, *inner))

    asked = [part for message in request.messages for part in message.parts]
    assert counted(asked) == counted(all_parts(conversation(request, system_turns=system_turns)))


_WORDS = Text | Refusal | ToolCall | ToolResult | Reasoning


@given(requests)
def test_what_has_the_shape_keeps_it(request: ChatRequest) -> None:
    made = conversation(request)
    again = [Message("system", made.system), *(Message(t.role, t.parts) for t in made.turns)]
    assert made == conversation(ChatRequest("m", again))


def test_system_turns_at_the_front_are_set_apart() -> None:
    made = talk(said("system", "a", "b"), said("developer", "c"), said("user", "d"))
    assert (Text("a"), Text("b"), Text("c")) == made.system
    assert (Turn("user", (Text("d"),)),) == made.turns


def test_an_empty_message_does_not_stand_before_the_system() -> None:
    made = talk(said("user", ""), said("system", "a"), said("user", "b"))
    assert ((Text("a"),), (Turn("user", (Text("b"),)),)) == (made.system, made.turns)


def test_the_changing_line_of_a_coding_agent_goes() -> None:
    made = talk(said("system", f"{BILLING_LINE} cc_version=1; cch=2", "b"), said("user", "d"))
    assert (Text("b"),) == made.system


def test_a_later_system_turn_stays_at_its_place() -> None:
    talk_ = [said("user", "a"), said("assistant", "b"), said("system", "c"), said("user", "d")]
    kept = [("user", "a"), ("assistant", "b"), ("system", "c"), ("user", "d")]
    assert [(role, (Text(text),)) for role, text in kept] == turns(*talk_)
    as_user = [
        ("user", (Text("a"),)),
        ("assistant", (Text("b"),)),
        ("user", (Text("c"), Text("d"))),
    ]
    assert as_user == turns(*talk_, system_turns=False)


def test_a_picture_of_the_system_is_shown_by_the_user() -> None:
    made = talk(said("system", "a", IMAGE), said("user", "b"))
    assert (Text("a"),) == made.system
    assert (Turn("user", (IMAGE, Text("b"))),) == made.turns


def test_neighbours_of_one_role_are_one_turn() -> None:
    made = turns(said("user", "a"), said("user", "b"), said("assistant", "c"), said("tool", RESULT))
    assert ("user", (Text("a"), Text("b"))) == made[0]
    assert ["user", "assistant", "user"] == [role for role, _ in made]


def test_results_of_one_turn_stand_together_in_the_order_of_the_calls() -> None:
    second = ToolResult("2", (Text("5"),))
    made = turns(
        said("user", "a"),
        said("assistant", CALL, OTHER),
        said("tool", second),
        said("tool", RESULT),
        said("user", "b"),
    )
    named = ToolResult("2", (Text("5"),), name="g")
    assert ("user", (ANSWERED, named, Text("b"))) == made[2]


def test_text_before_a_result_comes_after_it() -> None:
    made = turns(said("assistant", CALL), said("user", "b", RESULT))
    assert ("user", (ANSWERED, Text("b"))) == made[1]


def test_a_call_without_a_result_gets_one() -> None:
    made = turns(said("assistant", CALL, OTHER), said("user", RESULT, "b"))
    assert ("user", (ANSWERED, NOTHING, Text("b"))) == made[1]


def test_the_calls_of_an_open_last_turn_wait() -> None:
    assert [("assistant", (CALL,))] == turns(said("assistant", CALL))


def test_a_result_that_comes_late_is_fetched() -> None:
    made = turns(
        said("assistant", CALL), said("user", "b"), said("assistant", "c"), said("tool", RESULT)
    )
    assert ("user", (ANSWERED, Text("b"))) == made[1]
    assert ("assistant", (Text("c"),)) == made[2]


def test_a_result_without_a_call_becomes_text() -> None:
    made = turns(said("user", ToolResult("9", (Text("4"), IMAGE), name="f"), "b"))
    assert [("user", (Text("b"), Text("Result of f: 4"), IMAGE))] == made


def test_a_result_before_its_call_is_not_the_calls() -> None:
    made = turns(said("user", RESULT), said("assistant", CALL), said("user", "b"))
    missing = ToolResult("1", (Text(NO_RESULT),), is_error=True, name="f")
    assert ("user", (Text("Result of a tool: 4"),)) == made[0]
    assert ("user", (missing, Text("b"))) == made[2]


def test_an_id_that_is_used_again_belongs_to_the_turn_before_the_result() -> None:
    later = ToolResult("1", (Text("5"),))
    made = turns(
        said("assistant", CALL), said("user", "a"), said("assistant", CALL), said("tool", later)
    )
    missing = ToolResult("1", (Text(NO_RESULT),), is_error=True, name="f")
    assert ("user", (missing, Text("a"))) == made[1]
    assert ("user", (ToolResult("1", (Text("5"),), name="f"),)) == made[3]


@pytest.mark.parametrize("parts", [(), (OpaquePart({"type": "tool_reference"}, "tool_reference"),)])
def test_a_result_of_nothing_or_of_the_unknown_is_a_result(parts: tuple[OpaquePart, ...]) -> None:
    made = turns(said("assistant", CALL), said("tool", ToolResult("1", parts)))
    assert ("user", (ToolResult("1", parts, name="f"),)) == made[1]


def test_a_result_of_a_custom_call_is_one_of_a_custom_call() -> None:
    made = turns(said("assistant", ToolCall("1", "f", "x", custom=True)), said("tool", RESULT))
    assert ("user", (ToolResult("1", (Text("4"),), name="f", custom=True),)) == made[1]


def test_what_only_the_assistant_has_is_text_of_anybody_else() -> None:
    made = turns(said("user", CALL, Reasoning("hm"), Refusal("no")))
    assert [("user", (Text("Call of f: {}"), Text("no")))] == made


def test_what_lies_at_its_own_vendor_is_refused() -> None:
    with pytest.raises(Untranslatable, match="item_reference"):
        turns(said("user", OpaquePart({"id": "x"}, "item_reference")))


def test_parts_lose_their_clients_form_and_the_unknown_keeps_it() -> None:
    unknown = OpaquePart({"type": "x"})
    text = Text("a", {"type": "text", "text": "a"}, "short")
    result = ToolResult("9", (Text("b", {"x": 1}),), origin={"y": 1})
    made = turns(said("assistant", ToolCall("9", "f", "{}")), said("user", text, unknown, result))
    expected = (ToolResult("9", (Text("b"),), name="f"), Text("a", None, "short"), unknown)
    assert ("user", expected) == made[1]
