"""What clients call their conversations."""

import re
from collections.abc import Mapping

from llm_proxy.pipeline.exchange import Exchange

_HEADERS = (
    "x-session-id",  # whoever wants to be sure; OpenCode
    "x-claude-code-session-id",
    "session-id",  # Codex
    "thread-id",  # Codex
)
_UUID = "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_SETTINGS: Mapping[str, re.Pattern[str]] = {
    # Codex too. Others put one key for all their conversations there, which has another form.
    "prompt_cache_key": re.compile(f"^({_UUID})$"),
    # Claude Code, before it had a header; the field is the id of a user, a session's is its end.
    "user": re.compile(f"session_({_UUID})$"),
}
"""What looks like a conversation's id, in a setting of the request."""

NAMED_BY = (*_HEADERS, *_SETTINGS)
"""Where the name of a conversation may stand, most reliable first; the first one found counts."""


def name_of(exchange: Exchange) -> tuple[str, str] | None:
    """What the client calls the conversation, and where it says so; None where it does not."""
    headers, params = exchange.client.headers, exchange.request.params
    for place in _HEADERS:
        if name := headers.get(place):
            return name, place
    for place, pattern in _SETTINGS.items():
        value = params.get(place)
        if isinstance(value, str) and (match := pattern.search(value)):
            return match[1], place
    return None
