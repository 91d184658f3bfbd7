"""What an answer is made of."""

from typing import get_args

from llm_proxy.pipeline.events import LAST, LIFE_CYCLE, Event


def test_every_class_of_the_two_lists_is_an_event() -> None:
    events = set(get_args(Event))
    assert {"Start", "KeepAlive", "Opaque", "Usage"} == {class_.__name__ for class_ in LIFE_CYCLE}
    assert {"End", "Failure"} == {class_.__name__ for class_ in LAST}
    assert set() == {*LIFE_CYCLE, *LAST} - events


def test_every_event_can_carry_its_bytes_and_need_not() -> None:
    frames = {event.__name__: event.__dataclass_fields__["frame"] for event in get_args(Event)}
    assert dict.fromkeys(frames) == {name: field.default for name, field in frames.items()}
    assert 15 == len(frames)


def test_events_are_values_with_slots() -> None:
    for event in get_args(Event):
        assert event.__dataclass_params__.unsafe_hash is True
        assert 0 == event.__dictoffset__
        assert "frame" in event.__slots__
