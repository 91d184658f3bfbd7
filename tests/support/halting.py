"""A vendor that waits in the middle of things until a test lets it go on."""

import asyncio
from collections.abc import Sequence

from tests.support.vendor import Connection, Play


def held(play: Play, gate: asyncio.Event) -> Play:
    """`play`, once the gate is open."""

    async def play_later(at: Connection) -> None:
        await gate.wait()
        await play(at)

    return play_later


def halting(frames: Sequence[bytes], before: int, gate: asyncio.Event, pause: float = 0) -> Play:
    """The frames of a stream; the one at `before` and those behind it once the gate is open, with a
    pause behind that one if need be."""

    async def play(at: Connection) -> None:
        await at.head(200, content_type="text/event-stream", transfer_encoding="chunked")
        await at.chunk(b"".join(frames[:before]))
        await gate.wait()
        if pause:
            await at.chunk(frames[before])
            await asyncio.sleep(pause)
        await at.chunk(b"".join(frames[before + bool(pause) :]))
        await at.chunk(b"")

    return play
