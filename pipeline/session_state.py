"""What is remembered of a conversation; never its texts."""

from collections.abc import Mapping
from dataclasses import field
from typing import Any

from llm_proxy.pipeline.record import record


@record
class Totals:
    """What the requests of a conversation have come to. `failed` ones are among `requests`; cached
    tokens are part of the input, reasoning tokens of the output."""

    requests: int = 0
    failed: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cached_tokens: int = 0
    reasoning_tokens: int = 0


@record
class LastRequest:
    """How the newest request of a conversation went.

    `stages` are in the order of the chain: name, own seconds, and what was decided there.
    `attempts` are target, outcome, and seconds to the first content.
    """

    id: str
    model: str
    outcome: str
    seconds: float
    stages: tuple[tuple[str, float, tuple[str, ...]], ...] = ()
    attempts: tuple[tuple[str, str, float], ...] = ()
    warnings: tuple[str, ...] = ()


@record
class Account:
    """What a conversation has come to, and how its newest request went; None before the first."""

    totals: Totals = Totals()
    last: LastRequest | None = None


LOOP_DETECTION = ("on", "off", "stop", "retry", "failover", "warn")
"""What a person may want of loop detection: whether there is any, or what it does."""


@record
class SessionState:
    """What a person has set in a conversation.

    `model` and `backend` take the place of the client's choice, `oneoff` for one request. `params`
    and `system_suffix` are added to each request. `routes` are edited: a model's name → the names
    of its targets, none if the name is to stand for itself. `loop_detection` is one of
    `LOOP_DETECTION`. None is always "as the client and the file say".
    """

    model: str | None = None
    backend: str | None = None
    oneoff: str | None = None
    params: Mapping[str, Any] = field(default_factory=dict[str, Any])
    system_suffix: str | None = None
    routes: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    loop_detection: str | None = None
    project: str | None = None
    project_dir: str | None = None


NOTHING = SessionState()
"""What is set in a conversation that has just begun."""
