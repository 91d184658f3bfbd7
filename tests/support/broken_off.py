"""An answer that its vendor breaks off, and what another vendor goes on with."""

from collections.abc import Sequence

from tests.support.scripts import SCRIPTS, data, named
from tests.support.vendor import Play, streamed

ERRORS: dict[str, bytes] = {
    "openai_chat": data({"error": {"message": "Overloaded", "code": 503}}),
    "openai_responses": named(
        {
            "type": "error",
            "sequence_number": 9,
            "code": "server_is_overloaded",
            "message": "Overloaded",
            "param": None,
        }
    ),
    "anthropic_messages": named(
        {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}
    ),
    "gemini": data({"error": {"code": 503, "message": "Overloaded", "status": "UNAVAILABLE"}}),
}
"""How each vendor breaks a stream off."""

_OTHERWISE = {
    b"Hello": b" dear",
    b'"model":"m"': b'"model":"another"',
    b'"modelVersion":"m"': b'"modelVersion":"another"',
    b"chatcmpl-1": b"chatcmpl-2",
    b"resp_1": b"resp_2",
    b"msg_1": b"msg_2",
    b'"r1"': b'"r2"',
}
"""What the second vendor says instead of what the first has said, and by which names."""


def up_to(vendor: str, said: bytes, script: str = "TALK") -> list[bytes]:
    """The frames up to and with the first that holds this."""
    frames = SCRIPTS[vendor][script].frames
    last = next(number for number, frame in enumerate(frames) if said in frame)
    return list(frames[: last + 1])


def breaks(vendor: str, frames: Sequence[bytes], how: str) -> Play:
    """These frames, and then one of the ends of `streamed`, or an `error`."""
    if how == "error":
        return streamed([*frames, ERRORS[vendor]], ends="cut")
    return streamed(frames, ends=how)


def rest(vendor: str) -> list[bytes]:
    """The frames of " dear you", with other ids and another model."""
    frames = list(SCRIPTS[vendor]["TALK"].frames)
    for old, new in _OTHERWISE.items():
        frames = [frame.replace(old, new) for frame in frames]
    return frames
