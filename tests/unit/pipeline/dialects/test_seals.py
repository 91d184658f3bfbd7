"""Another vendor's state on its way through a client."""

import base64
import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llm_proxy.pipeline.dialects.losses import Losses
from llm_proxy.pipeline.dialects.seals import (
    FOREIGN,
    MARK,
    fits,
    tag,
    untag,
    without_foreign_seals,
)
from llm_proxy.pipeline.parts import OpaquePart, Part, Reasoning, Seal, Text, ToolCall
from llm_proxy.pipeline.request import ChatRequest, Message
from tests.unit.pipeline.dialects.openai_chat import json_values

OWN = Seal("d", {"b": 1}, "vendor")
NATIVE = Seal("d", {"b": 1})
OTHERS = Seal("d", {"b": 1}, "other")
FOREIGN_DIALECT = Seal("e", {"b": 1}, "vendor")

blocks = st.dictionaries(json_values.texts, json_values.values, max_size=3)
seals = st.builds(
    Seal, json_values.texts, blocks, json_values.texts, st.one_of(st.none(), json_values.texts)
)


@given(st.lists(seals, max_size=3))
def test_a_tag_gives_back_its_seals(given_seals: list[Seal]) -> None:
    tagged = tag(given_seals)
    assert re.fullmatch(r"px1\.[A-Za-z0-9_-]*", tagged)
    assert given_seals == untag(tagged)


@pytest.mark.parametrize("text", ["", "EqQB", "px2.W10", "gAAAA==", None, 5, ["px1."], {}])
def test_a_vendors_own_state_is_no_tag(text: object) -> None:
    assert None is untag(text)


@given(st.lists(seals, min_size=1, max_size=2), st.data())
def test_a_tag_that_was_cut_short_never_fails(given_seals: list[Seal], data: st.DataObject) -> None:
    tagged = tag(given_seals)
    kept = data.draw(st.integers(len(MARK), len(tagged) - 1))
    assert untag(tagged[:kept]) in ([], given_seals)


@given(st.text())
def test_a_tag_of_anything_never_fails(text: str) -> None:
    assert isinstance(untag(MARK + text), list)


def packed(value: Any) -> str:
    return MARK + base64.urlsafe_b64encode(json.dumps(value).encode()).decode()


@pytest.mark.parametrize(
    "item",
    [
        {"d": "d", "b": {}},
        {"m": None, "d": "d", "b": {}},
        {"m": "v", "b": {}},
        {"m": "v", "d": "d", "b": []},
        {"m": 1, "d": "d", "b": {}},
        "text",
        None,
    ],
)
def test_a_seal_that_does_not_say_whose_it_is_is_none(item: Any) -> None:
    assert [OWN] == untag(packed([item, {"m": "vendor", "d": "d", "b": {"b": 1}}]))
    assert [] == untag(packed({"seals": [item]}))


def test_a_call_that_is_no_text_is_none() -> None:
    assert [OWN] == untag(packed([{"m": "vendor", "d": "d", "b": {"b": 1}, "c": 7}]))


@pytest.mark.parametrize(
    ("seal", "expected"),
    [(OWN, True), (NATIVE, True), (OTHERS, False), (FOREIGN_DIALECT, False), (None, False)],
)
def test_whose_seal_may_go_to_a_vendor(*, seal: Seal | None, expected: bool) -> None:
    assert expected is fits(seal, "d", "vendor")


def cleared(*messages: Message) -> tuple[list[Message], tuple[str, ...]]:
    losses = Losses()
    made = without_foreign_seals(ChatRequest("m", messages), "d", "vendor", losses)
    return list(made.messages), losses.told


def turn(*parts: Part) -> Message:
    return Message("assistant", parts, origin={"role": "assistant"})


def test_a_request_without_seals_is_the_same_one() -> None:
    request = ChatRequest("m", [turn(Text("a"), Reasoning("hm"), OpaquePart({}))])
    assert request is without_foreign_seals(request, "d", "vendor", Losses())


def test_native_seals_leave_the_request_as_it_came() -> None:
    message = turn(Reasoning("hm", NATIVE, {"x": 1}), ToolCall("1", "f", "{}", seal=NATIVE))
    request, losses = ChatRequest("m", [turn(), message]), Losses()
    assert request is without_foreign_seals(request, "d", "vendor", losses)
    assert () == losses.told


@pytest.mark.parametrize("seal", [OTHERS, FOREIGN_DIALECT])
def test_a_foreign_seal_goes_with_what_was_thought(seal: Seal) -> None:
    untouched = turn(Text("before"))
    made, told = cleared(untouched, turn(Reasoning("hm", seal, {"x": 1}), Text("a")))
    assert made[0] is untouched
    assert ((Text("a"),), True) == (made[1].parts, made[1].touched)
    assert {"role": "assistant"} == made[1].origin
    assert (f"dropped {FOREIGN}",) == told


def test_a_call_stays_without_its_foreign_seal() -> None:
    (made,), told = cleared(turn(ToolCall("1", "f", "{}", seal=OTHERS, origin={"x": 1})))
    assert (ToolCall("1", "f", "{}"),) == made.parts
    assert (f"dropped {FOREIGN}",) == told


def test_a_message_of_nothing_but_a_foreign_seal_goes() -> None:
    made, _ = cleared(turn(Reasoning("hm", OTHERS)), turn(Text("a")))
    assert [(Text("a"),)] == [message.parts for message in made]


def test_the_vendors_own_seal_from_a_tag_is_written_anew() -> None:
    (made,), told = cleared(turn(Reasoning("", OWN, {"signature": tag([OWN])})))
    assert ((Reasoning("", OWN),), True, ()) == (made.parts, made.touched, told)
