from dataclasses import replace

import pytest

from llm_proxy.pipeline.dialects.untouched import untouched_frame
from llm_proxy.pipeline.events import End, Event, Finish, Frame, TextDelta

FORMAT = "openai_chat/stream"


def framed(size: int = 3) -> list[Event]:
    frame = Frame(b"raw", size, FORMAT)
    return [TextDelta("a", frame), Finish("stop", frame), End(frame)]


def test_all_events_of_a_frame_together_keep_its_bytes() -> None:
    events = framed()
    assert events[0].frame is untouched_frame(events, 0, FORMAT)


def test_a_frame_may_begin_anywhere() -> None:
    events = [TextDelta("before"), *framed(), TextDelta("after")]
    assert events[1].frame is untouched_frame(events, 1, FORMAT)


def test_a_frame_of_one_event_needs_no_company() -> None:
    frame = Frame(b"raw", 1, FORMAT)
    assert frame is untouched_frame([TextDelta("a", frame), End()], 0, FORMAT)


def test_another_format_does_not_keep_the_bytes() -> None:
    assert None is untouched_frame(framed(), 0, "openai_chat/whole")


def test_an_event_without_a_frame_has_no_bytes() -> None:
    assert None is untouched_frame([TextDelta("a")], 0, FORMAT)


@pytest.mark.parametrize("changed", [1, 2])
def test_one_changed_event_breaks_the_frame(changed: int) -> None:
    events = framed()
    events[changed] = replace(events[changed], frame=None)
    assert None is untouched_frame(events, 0, FORMAT)


def test_a_dropped_event_breaks_the_frame() -> None:
    events = framed()
    assert None is untouched_frame([events[0], events[2]], 0, FORMAT)
    assert None is untouched_frame([events[0], events[2], End()], 0, FORMAT)


def test_the_middle_of_a_frame_is_not_its_beginning() -> None:
    assert None is untouched_frame(framed(), 1, FORMAT)


def test_an_equal_frame_is_another_frame() -> None:
    events = [framed()[0], framed()[1], framed()[2]]
    assert None is untouched_frame(events, 0, FORMAT)
