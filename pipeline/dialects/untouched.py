"""The verbatim rule: what no stage touched leaves in the bytes it came in."""

from collections.abc import Sequence

from llm_proxy.pipeline.events import Event, Frame


def untouched_frame(events: Sequence[Event], position: int, format_: str) -> Frame | None:
    """The frame that the events from `position` on were read from, if it is of this format and all
    of its events are still there; else None, and they have to be written anew."""
    frame = events[position].frame
    if frame is None or frame.format != format_ or position + frame.size > len(events):
        return None
    if frame.size == 1:  # most have
        return frame
    for behind in range(position + 1, position + frame.size):
        if events[behind].frame is not frame:
            return None
    return frame
