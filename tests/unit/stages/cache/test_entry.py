"""Answers as bytes."""

from dataclasses import replace
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from llm_proxy.pipeline.events import (
    End,
    Event,
    Finish,
    KeepAlive,
    ReasoningDelta,
    ReasoningState,
    Start,
    TextDelta,
    ToolCallDelta,
    ToolCallEnd,
    ToolCallStart,
    Usage,
)
from llm_proxy.pipeline.parts import Seal
from llm_proxy.stages.cache.entry import VERSION, Entry, pack, unpack

EVENTS: tuple[Event, ...] = (
    Start("", "m", 0),
    ReasoningDelta("hm"),
    ReasoningState(Seal("d", {"s": [1, None]}, "maker", "c")),
    TextDelta("hi\u00fc\n"),
    ToolCallStart(0, "c", "f", custom=True),
    ToolCallDelta(0, "{}"),
    ToolCallEnd(0),
    Finish("stop", stop_sequence="END"),
    Usage(1, 2, 3, 4, cache_write_tokens=5),
    End(),
)
ENTRY = Entry(1000.5, "b", "m", ("dropped x",), EVENTS, ("key-1", "d"))


def test_an_entry_comes_back_as_it_was() -> None:
    assert ENTRY == unpack(pack(ENTRY))
    bare = replace(ENTRY, warnings=(), whose=())
    assert bare == unpack(pack(bare))


def test_an_answer_is_told_as_one_of_its_own() -> None:
    entry = unpack(pack(replace(ENTRY, events=(Start("id", "m", 5), End()))))
    assert entry
    assert (Start("", "m", 0), End()) == entry.events


def test_its_age_is_never_below_nothing() -> None:
    assert [9.5, 0.0] == [ENTRY.age(now) for now in (1010.0, 900.0)]


def test_what_is_no_part_of_an_answer_is_not_kept() -> None:
    with pytest.raises(KeyError):
        pack(replace(ENTRY, events=(KeepAlive(),)))


WHOLE: list[Any] = orjson.loads(pack(ENTRY))

BAD: dict[str, Any] = {
    "older": [VERSION - 1, *WHOLE[1:]],
    "no list": {"version": VERSION},
    "shorter": WHOLE[:-1],
    "longer": [*WHOLE, 1],
    "no time": [VERSION, "now", *WHOLE[2:]],
    "an unknown event": [*WHOLE[:-1], [["own"]]],
    "an event with less": [*WHOLE[:-1], [["text"]]],
    "an event with more": [*WHOLE[:-1], [["text", "a", "b"]]],
    "no event": [*WHOLE[:-1], [None]],
    "no seal": [*WHOLE[:-1], [["state", {"own": 1}]]],
    "null": None,
}


@pytest.mark.parametrize("bad", BAD.values(), ids=list(BAD))
def test_what_cannot_be_read_is_nothing(bad: Any) -> None:
    assert unpack(orjson.dumps(bad)) is None


@given(st.integers(0, len(pack(ENTRY)) - 1))
def test_what_was_cut_is_nothing(length: int) -> None:
    assert unpack(pack(ENTRY)[:length]) is None


@given(st.binary(max_size=40))
def test_garbage_is_nothing(data: bytes) -> None:
    assert unpack(data) is None
