"""How one request of a session went, and what it adds to the session's account.

An account is written for every request and read for very few. So it is kept as it comes, and told
in the order and the words of `Account` only to who asks. The totals stand in a line of their own,
for they alone are read again by the next request.
"""

import asyncio
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, cast

import orjson

from llm_proxy.pipeline.errors import ProxyError
from llm_proxy.pipeline.events import Usage
from llm_proxy.pipeline.exchange import Exchange
from llm_proxy.pipeline.reply import PROXY, Reply
from llm_proxy.pipeline.session_state import Account, LastRequest, Totals
from llm_proxy.pipeline.trace import Target, Trace

_LARGEST = 8_000
"""Bytes; what is larger is kept with fewer and shorter texts."""

_MOST_TOLD = 20
_LONGEST_TOLD = 100

_NOTHING_USED = Usage(0, 0)
_NO_TOTALS = (0, 0, 0, 0, 0, 0)


Entry = Callable[[bytes | None], bytes]
"""A change of an account: one request more. Clients may have had a hand in all the texts."""


def _entry(
    exchange: Exchange, outcome: str, seconds: float, usage: Usage | None, *, failed: bool
) -> Entry:
    last = _last(exchange, outcome, seconds)
    return partial(_entered, last, usage or _NOTHING_USED, int(failed))


def _entered(last: bytes, used: Usage, failed: int, kept: bytes | None) -> bytes:
    before = _totals(kept) if kept else _NO_TOTALS
    requests, failures, read, written, cached, thought = before
    totals = (
        requests + 1,
        failures + failed,
        read + used.input_tokens,
        written + used.output_tokens,
        cached + used.cached_tokens,
        thought + used.reasoning_tokens,
    )
    return orjson.dumps(totals) + b"\n" + last


def _last(exchange: Exchange, outcome: str, seconds: float) -> bytes:
    trace = exchange.trace
    request = (exchange.id, exchange.request.model, outcome, seconds)
    attempts = [
        (one.target.backend, one.target.model, one.target.key, one.outcome, one.seconds)
        for one in trace.attempts
    ]
    last = (request, trace.stages, trace.decisions, attempts, trace.warnings)
    try:
        written = orjson.dumps(last)
    except TypeError:  # a text is no Unicode
        written = b""
    if 0 < len(written) <= _LARGEST:
        return written
    innermost_first = [*trace.own_seconds().items()][::-1]
    short = (request, innermost_first, trace.decisions, attempts, trace.warnings)
    return orjson.dumps(_short(short))


def entry(exchange: Exchange, reply: Reply, seconds: float) -> Entry | None:
    """What is to be entered once `reply` is over, if anything.

    What the proxy answered itself (commands), and what only counts tokens, is no request of the
    conversation: whoever asks why it went as it did means the one before.
    """
    if reply.head.backend == PROXY or exchange.request.counts_only:
        return None
    usage = None if reply.head.replayed else reply.usage
    if reply.error is not None:
        return _entry(exchange, _told(reply.error), seconds, usage, failed=True)
    if reply.outcome == "abandoned":
        return _entry(exchange, _left(exchange), seconds, usage, failed=True)
    return _entry(exchange, "complete", seconds, usage, failed=False)


def entry_of_failure(exchange: Exchange, error: BaseException, seconds: float) -> Entry | None:
    """What is to be entered where there was no answer but an error."""
    if exchange.request.counts_only:
        return None
    left = isinstance(error, asyncio.CancelledError)
    told = _left(exchange) if left else _told(error)
    return _entry(exchange, told, seconds, None, failed=True)


def read_account(kept: bytes | None) -> Account:
    """What entries have made; nothing where it cannot be read, which another version may have
    written."""
    if not kept:
        return Account()
    try:
        return Account(Totals(*_totals(kept)), _read(orjson.loads(kept.partition(b"\n")[2])))
    except (ValueError, TypeError):
        return Account()


def _read(last: Any) -> LastRequest:
    (id_, model, outcome, seconds), calls, decided, attempts, warnings = last
    decisions: dict[str, tuple[str, ...]] = {}
    for stage, decision in decided:
        decisions[stage] = (*decisions.get(stage, ()), decision)
    spent = Trace(stages=calls).own_seconds()
    stages = tuple((stage, took, decisions.get(stage, ())) for stage, took in spent.items())
    tried = tuple((str(Target(*target)), came, took) for *target, came, took in attempts)
    return LastRequest(id_, model, outcome, seconds, stages, tried, tuple(warnings))


def _totals(kept: bytes) -> Sequence[int]:
    line, _, last = kept.partition(b"\n")
    try:
        totals: Sequence[int] = orjson.loads(line) if last else _NO_TOTALS
    except ValueError:
        return _NO_TOTALS
    return totals if len(totals) == len(_NO_TOTALS) else _NO_TOTALS


def _short(value: Any) -> Any:
    """As much of it as an account keeps."""
    match value:
        case str():
            return value[:_LONGEST_TOLD].encode("utf-8", "replace").decode()
        case list() | tuple():
            return [_short(one) for one in cast("Sequence[Any]", value[:_MOST_TOLD])]
        case _:
            return value


def _left(exchange: Exchange) -> str:
    return "the time was over" if exchange.trace.timed_out() else "the client left"


def _told(error: BaseException) -> str:
    """Never words that may hold a text of the conversation."""
    if isinstance(error, ProxyError):
        return f"{error.status}: {error.for_log}"
    return f"internal error: {type(error).__name__}"
