"""The strict reader of streams forgives nothing."""

import pytest

from tests.support.scripts import SCRIPTS
from tests.support.well_formed import checked

TALK = {dialect: scripts["TALK"].frames for dialect, scripts in SCRIPTS.items()}
ALL = [
    (dialect, number)
    for dialect, frames in TALK.items()
    for number, frame in enumerate(frames)
    if b'"ping"' not in frame
]


@pytest.mark.parametrize("dialect", list(TALK))
def test_a_whole_stream_is_read(dialect: str) -> None:
    found = checked(dialect, b"".join(TALK[dialect]))
    assert (found.text, found.model, found.tokens) == ("Hello you", "m", (130, 30))


@pytest.mark.parametrize("change", ["twice", "missing"])
@pytest.mark.parametrize(("dialect", "number"), ALL)
def test_no_frame_comes_twice_or_is_missing_unnoticed(
    dialect: str, number: int, change: str
) -> None:
    frames = TALK[dialect]
    behind = frames[number:] if change == "twice" else frames[number + 1 :]
    before = frames[: number + 1] if change == "twice" else frames[:number]
    try:
        text = checked(dialect, b"".join([*before, *behind])).text
    except (AssertionError, ValueError, LookupError):
        text = ""
    assert text != "Hello you"


def test_half_a_letter_is_seen() -> None:
    broken = [frame.replace(b"Hello", b"H\xe2\x82llo") for frame in TALK["openai_chat"]]
    with pytest.raises(UnicodeDecodeError):
        checked("openai_chat", b"".join(broken))
    replaced = b"".join(broken).decode("utf-8", "replace").encode()
    with pytest.raises(AssertionError):
        checked("openai_chat", replaced)
