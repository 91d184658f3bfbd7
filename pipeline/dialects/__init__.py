"""The formats that clients and vendors speak: bytes ⇄ typed requests and events, without I/O."""

from llm_proxy.pipeline.dialects.dialect import Dialect
from llm_proxy.pipeline.dialects.openai_chat import OpenAIChat

DIALECTS: dict[str, Dialect] = {dialect.name: dialect for dialect in (OpenAIChat(),)}
"""Every dialect by its name."""

SERVED_BY: dict[str, Dialect] = {"/chat/completions": DIALECTS[OpenAIChat.name]}
"""The ending of a served path → the dialect that is spoken there."""

TO_COME = ("/responses", "/messages", "/v1beta")
"""Endings that a file may name though this version has no dialect for them."""


def dialect_of_path(path: str) -> Dialect | None:
    """The dialect a path is served in, or None where this version has none for it."""
    return next((it for ending, it in SERVED_BY.items() if path.endswith(ending)), None)


def not_yet_served(path: str) -> bool:
    """Whether the path belongs to a dialect that is still to come."""
    return path.endswith(TO_COME)


def unserved_path(path: str) -> str | None:
    """What is wrong with a path in `serves`, or None."""
    if not path.startswith("/"):
        return f'"{path}" is not a path: it must begin with "/"'
    if dialect_of_path(path) is None and not not_yet_served(path):
        endings = ", ".join([*SERVED_BY, *TO_COME])
        return f'no dialect is spoken at "{path}": a path ends in one of {endings}'
    return None
