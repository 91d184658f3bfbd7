"""The same answers as each of the four vendors would give them, written by hand.

Every script is a whole body and the frames of a stream. `TALK` is plain text, and `JSON` such
that is JSON; `WORK` has all of it: something thought, a text, and two tool calls in one answer.
"""

from collections.abc import Sequence

from tests.support.scripted.chat import CHAT
from tests.support.scripted.gemini import GEMINI, SIGNATURE
from tests.support.scripted.messages import MESSAGES
from tests.support.scripted.responses import RESPONSES
from tests.support.scripted.script import Script, data, named
from tests.support.vendor import Connection, Play, streamed, whole

__all__ = ["SCRIPTS", "SIGNATURE", "data", "named", "plays"]

SCRIPTS: dict[str, dict[str, Script]] = {
    "openai_chat": CHAT,
    "openai_responses": RESPONSES,
    "anthropic_messages": MESSAGES,
    "gemini": GEMINI,
}
"""Dialect → the scripts by their names."""


def plays(dialect: str, name: str, *, frames: Sequence[bytes] | None = None) -> Play:
    """A vendor that gives this answer, whole or streamed as it is asked; counts are always 42."""
    script = SCRIPTS[dialect][name]

    async def play(at: Connection) -> None:
        received = at.received
        path = received.path.partition("?")[0]
        if path.endswith(("/count_tokens", "/input_tokens", ":countTokens")):
            await whole({"input_tokens": 42, "totalTokens": 42})(at)
        elif ":streamGenerateContent" in path or received.json.get("stream"):
            await streamed(frames or script.frames)(at)
        else:
            await whole(dict(script.whole))(at)

    return play
