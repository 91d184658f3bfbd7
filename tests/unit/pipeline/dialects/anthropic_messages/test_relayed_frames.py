import pytest

from llm_proxy.pipeline.dialects.anthropic_messages.relayed_frames import Relayed, renumbered
from tests.unit.pipeline.dialects.anthropic_messages.frames import (
    HEAD,
    PING,
    opened,
    piece,
    stopped,
    text,
)


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (HEAD, Relayed("message_start", 0, "block")),
        (PING, Relayed("ping", 0, "block")),
        (opened(2, "text", text=""), Relayed("content_block_start", 2, "text")),
        (text(1, "a") + text(1, "b"), Relayed("content_block_delta", 1, "block")),
        (b": comment\n\n", Relayed("", 0, "block")),
        (b"event: x\ndata: [\n\n", Relayed("x", 0, "block")),
        (b'data: {"index":"7"}\n\n', Relayed("", 0, "block")),
    ],
)
def test_what_a_frame_is_about(raw: bytes, expected: Relayed) -> None:
    assert expected == Relayed.of(raw)


def test_frames_under_another_number() -> None:
    raw = text(1, "a") + piece(1, "of_tomorrow", x=None) + stopped(1)
    assert raw is renumbered(raw, 1, 1)
    assert raw.replace(b'"index":1', b'"index":4') == renumbered(raw, 1, 4)
