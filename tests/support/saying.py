"""Vendors that say what a test wants to hear, in the frames of the scripts."""

from collections.abc import Sequence
from typing import Any

import orjson

from tests.support.scripts import SCRIPTS, data, named
from tests.support.vendor import Play, streamed, whole


def saying(vendor: str, pieces: Sequence[str]) -> Play:
    """A vendor whose "Hello" comes in other words, streamed in these pieces."""
    script = SCRIPTS[vendor]["TALK"]
    text = orjson.dumps("".join(pieces))[1:-1]
    frames: list[bytes] = []
    for frame in script.frames:
        if frame.count(b'"Hello"') == 1:
            frames += [frame.replace(b"Hello", orjson.dumps(piece)[1:-1]) for piece in pieces]
        else:
            frames.append(frame.replace(b'" you"', b'" !"').replace(b"Hello you", text + b" !"))
    answer = orjson.dumps(script.whole).replace(b"Hello you", text + b" !")

    async def play(at: Any) -> None:
        received = at.received
        wants = "streamGenerate" in received.path or received.json.get("stream")
        await (streamed(renumbered(frames)) if wants else whole(answer))(at)

    return play


def thinking(vendor: str, pieces: Sequence[str]) -> Play:
    """A vendor that streams these pieces of a thought before it answers and calls tools."""
    frames: list[bytes] = []
    for frame in SCRIPTS[vendor]["WORK"].frames:
        if frame.count(b'"pl"') == 1:
            frames += [frame.replace(b'"pl"', orjson.dumps(piece)) for piece in pieces]
        else:
            frames.append(frame)
    return streamed(renumbered(frames))


def renumbered(frames: Sequence[bytes]) -> list[bytes]:
    """The frames with the numbers that a vendor of Responses counts them by."""
    counted: list[bytes] = []
    for frame in frames:
        at = frame.find(b"data: ") + len(b"data: ")
        if b'"sequence_number"' not in frame:
            counted.append(frame)
            continue
        fields = {**orjson.loads(frame[at:]), "sequence_number": len(counted)}
        counted.append(named(fields) if frame.startswith(b"event") else data(fields))
    return counted


def arguing(vendor: str, pieces: Sequence[str]) -> Play:
    """A vendor that streams these pieces as the argument of its first tool call, which never ends,
    but where the vendor's dialect gives calls whole."""
    frames: list[bytes] = []
    for frame in SCRIPTS[vendor]["WORK"].frames:
        if b'"args":{"city":"Rome"}' in frame:
            frames.append(frame.replace(b'"Rome"', orjson.dumps("".join(pieces))))
            break
        if b':\\"Rome\\"}' in frame:
            frames.append(frame.replace(b':\\"Rome\\"}', b':\\"'))
            frames += [
                frame.replace(b':\\"Rome\\"}', orjson.dumps(piece)[1:-1]) for piece in pieces
            ]
            break
        frames.append(frame)
    return streamed(renumbered(frames))
