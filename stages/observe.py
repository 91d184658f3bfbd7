"""What happened: one line in the log for each request."""

import asyncio
import logging
from http import HTTPStatus
from typing import Any

from pydantic import Field

from llm_proxy.pipeline.errors import ProxyError
from llm_proxy.pipeline.events import Usage
from llm_proxy.pipeline.exchange import Exchange
from llm_proxy.pipeline.log_line import LogLine
from llm_proxy.pipeline.reply import Head, Reply
from llm_proxy.pipeline.stage import Next, Stage, StageOptions

_OK = 200

_LEFT = 499
"""The status, known from nginx, of a request whose client did not wait."""

_RESERVED = frozenset({"message", "time", "level", "logger"})
"""What each line of the log has."""

_log = logging.getLogger(__name__)


class ObserveOptions(StageOptions):
    """Options of `observe`."""

    request_logging: bool = Field(default=True, description="One line for each request.")
    response_logging: bool = Field(
        default=False, description="Adds how the answer ended and its kinds of tokens; no texts."
    )


class Observe(Stage[ObserveOptions]):
    """Writes one line when a request is over, however it ended; never a text and never a key."""

    Options = ObserveOptions

    async def __call__(self, exchange: Exchange, call_next: Next) -> Reply:
        if not self.options.request_logging:
            return await call_next(exchange)
        began = self.kit.clock()
        try:
            reply = await call_next(exchange)
        except (Exception, asyncio.CancelledError) as error:
            self._write(exchange, began, None, **_told(error, exchange))
            raise
        first_event_ms = _milliseconds(self.kit.clock() - began)

        def close() -> None:
            self._write(
                exchange,
                began,
                reply.head,
                outcome=reply.outcome,
                tokens_used=_tokens(reply.usage),
                first_event_ms=first_event_ms,
                **_status(reply, exchange),
                **(_detail(reply) if self.options.response_logging else {}),
            )

        return reply.on_close(close)

    def _write(self, exchange: Exchange, began: float, head: Head | None, **fields: Any) -> None:
        trace, request = exchange.trace, exchange.request
        attempts = trace.attempts
        if head is None and attempts:
            head = Head(attempts[-1].target.backend, attempts[-1].target.model)
        line = LogLine(
            message="request",
            request_id=exchange.id,
            backend=head and head.backend,
            model=head.model if head else request.model,
            latency_ms=_milliseconds(self.kit.clock() - began),
            stream=request.stream,
            attempts=len(attempts),
            tokens_used=None,
        )
        for name, note in trace.notes.items():
            line[f"{name}_" if name in _RESERVED else name] = note
        line |= fields
        if len(attempts) > 1:
            line["tried"] = [
                f"{attempt.target}: {attempt.outcome} ({_milliseconds(attempt.seconds)} ms)"
                for attempt in attempts
            ]
        if trace.warnings:
            line["warnings"] = trace.warnings
        if _log.isEnabledFor(logging.DEBUG):
            own = trace.own_seconds()
            line["stages_ms"] = {name: _milliseconds(seconds) for name, seconds in own.items()}
        _log.info(line)


def _tokens(usage: Usage | None) -> int | None:
    """Input and output together, None where the backend did not tell."""
    return usage.input_tokens + usage.output_tokens if usage else None


def _detail(reply: Reply) -> dict[str, Any]:
    """How the answer ended and its kinds of tokens."""
    detail: dict[str, Any] = {"finish": reply.finish}
    if usage := reply.usage:
        detail["input_tokens"] = usage.input_tokens
        detail["output_tokens"] = usage.output_tokens
        detail["cached_tokens"] = usage.cached_tokens
        detail["cache_write_tokens"] = usage.cache_write_tokens
        detail["reasoning_tokens"] = usage.reasoning_tokens
    return detail


def _status(reply: Reply, exchange: Exchange) -> dict[str, Any]:
    """The status the client got: a stream's 200 is out before it breaks."""
    if reply.error is not None:
        told = _told(reply.error, exchange)
        return {**told, "status": _OK} if exchange.request.stream else told
    if reply.outcome == "abandoned" and exchange.trace.timed_out():
        return _told(asyncio.CancelledError(), exchange)
    return {"status": _OK}


def _told(error: BaseException, exchange: Exchange) -> dict[str, Any]:
    """Status and words for an error; never words that may hold a text of the conversation."""
    if isinstance(error, ProxyError):
        return {"status": error.status, "error": error.for_log}
    if isinstance(error, asyncio.CancelledError):
        if exchange.trace.timed_out():
            return {"status": HTTPStatus.GATEWAY_TIMEOUT.value, "error": "the time was over"}
        return {"status": _LEFT, "error": "the client left"}
    return {
        "status": HTTPStatus.INTERNAL_SERVER_ERROR.value,
        "error": f"internal error: {type(error).__name__}",
    }


def _milliseconds(seconds: float) -> float:
    """To the microsecond; `round` takes three times as long."""
    return int(seconds * 1e6) / 1000
