"""What to do about each kind of failure."""

from collections.abc import Mapping
from typing import Literal

from llm_proxy.pipeline.errors import Fault

Reaction = Literal["retry", "next_key", "next_target", "tell"]
"""`retry`: the same target and key once again, after a wait. `next_key`: another key of the same
target. `next_target`: another model or backend. `tell`: the client gets the error. What is not
possible any more becomes what stands after it."""

DEFAULTS: Mapping[Fault, Reaction] = {
    Fault.CONNECTION: "next_target",
    Fault.DNS: "next_target",
    Fault.TLS: "next_target",
    Fault.TIMEOUT: "next_target",
    Fault.CONFLICT: "retry",
    Fault.RATE_LIMITED: "next_key",
    Fault.SERVER_ERROR: "next_target",
    Fault.OVERLOADED: "next_target",
    Fault.ERROR_IN_ANSWER: "next_target",
    Fault.BROKEN_ANSWER: "next_target",
    Fault.EMPTY_ANSWER: "next_target",
    Fault.CONTEXT_TOO_LONG: "next_target",
    Fault.CONTENT_FILTER: "tell",
    Fault.AUTH: "next_key",
    Fault.QUOTA: "next_key",
    Fault.FORBIDDEN: "next_key",
    Fault.NOT_FOUND: "next_target",
    Fault.BAD_REQUEST: "tell",
    Fault.UNTRANSLATABLE: "next_target",
    Fault.BACKEND_OFF: "next_target",
    Fault.BUSY: "next_target",
}
"""What is wrong with the request is wrong everywhere; what is wrong with one account, one model or
one server may be right elsewhere."""

LASTING = frozenset(
    {
        Fault.EMPTY_ANSWER,
        Fault.CONTEXT_TOO_LONG,
        Fault.CONTENT_FILTER,
        Fault.AUTH,
        Fault.QUOTA,
        Fault.FORBIDDEN,
        Fault.NOT_FOUND,
        Fault.BAD_REQUEST,
        Fault.UNTRANSLATABLE,
        Fault.BACKEND_OFF,
    }
)
"""Faults that are still there after a wait: who has one is not asked again by the same request."""

OF_THE_KEY = frozenset({Fault.AUTH, Fault.QUOTA})
"""Faults that a key has for every model."""
