"""What clients call their conversations."""

import re
from collections.abc import Callable, Mapping

from llm_proxy.pipeline.exchange import Exchange

Reader = Callable[[Exchange], str | None]

_UUID = "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"


def _header(name: str) -> Reader:
    return lambda exchange: exchange.client.headers.get(name) or None


def _setting(name: str, pattern: str) -> Reader:
    """What stands in a setting of the request, where it looks like a conversation's id."""
    found = re.compile(pattern)

    def read(exchange: Exchange) -> str | None:
        value = exchange.request.params.get(name)
        match = found.search(value) if isinstance(value, str) else None
        return match[1] if match else None

    return read


NAMED_BY: Mapping[str, Reader] = {
    "x-session-id": _header("x-session-id"),  # whoever wants to be sure; OpenCode
    "x-claude-code-session-id": _header("x-claude-code-session-id"),
    "session-id": _header("session-id"),  # Codex
    "thread-id": _header("thread-id"),  # Codex
    # Codex too. Others put one key for all their conversations there, which has another form.
    "prompt_cache_key": _setting("prompt_cache_key", f"^({_UUID})$"),
    # Claude Code, before it had a header; the field is the id of a user, a session's is its end.
    "user": _setting("user", f"session_({_UUID})$"),
}
"""Where the name of a conversation may stand, most reliable first; the first one found counts."""


def name_of(exchange: Exchange) -> tuple[str, str] | None:
    """What the client calls the conversation, and where it says so; None where it does not."""
    for place, read in NAMED_BY.items():
        if name := read(exchange):
            return name, place
    return None
