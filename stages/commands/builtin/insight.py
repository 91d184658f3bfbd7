"""Commands that tell what is set, used and left, and how a request went."""

from collections.abc import Iterator
from textwrap import shorten

from llm_proxy.pipeline.limits import LIMITS, Limit
from llm_proxy.pipeline.session_state import LastRequest, SessionState
from llm_proxy.stages.commands.arguments import no_argument
from llm_proxy.stages.commands.command import Command, Desk
from llm_proxy.stages.commands.parser import Call

_LONGEST_TOLD = 200


class Status(Command):
    """status
    Shows what is set in this conversation."""

    name = "status"

    async def run(self, call: Call, desk: Desk) -> str:
        no_argument(call, desk)
        session = desk.exchange.session
        lines = [f"- session: {session.id if session else 'none, nothing is remembered'}"]
        return "\n".join([*lines, *(f"- {name}: {told}" for name, told in _set(desk.state))])


class Usage(Command):
    """usage
    Tells what the requests of this conversation have come to. Commands are no requests."""

    name = "usage"

    async def run(self, call: Call, desk: Desk) -> str:
        no_argument(call, desk)
        used = (await desk.account()).totals
        rows = (
            ("requests", used.requests, "failed", used.failed),
            ("input tokens", used.input_tokens, "cached", used.cached_tokens),
            ("output tokens", used.output_tokens, "reasoning", used.reasoning_tokens),
        )
        return "\n".join(f"- {what}: {n}, of these {some}: {m}" for what, n, some, m in rows)


class Limits(Command):
    """limits
    Tells how much you may ask for, and what is left of it."""

    name = "limits"

    async def run(self, call: Call, desk: Desk) -> str:
        no_argument(call, desk)
        limits = desk.exchange.fact(LIMITS) or ()
        return "\n".join(map(_left, limits)) or "There are no limits."


class Why(Command):
    """why
    Tells how the last request of this conversation went. There is what each stage decided and how
    long it took, whom it was sent to, and what came of it. Commands are no requests."""

    name = "why"

    async def run(self, call: Call, desk: Desk) -> str:
        no_argument(call, desk)
        last = (await desk.account()).last
        if last is None:
            return "There was no request in this conversation yet."
        return "\n".join(_story(last))


def _left(limit: Limit) -> str:
    left, most = (f"{round(number, 4):.15g}" for number in (limit.left, limit.most))
    window = f" in {limit.seconds:.15g} s" if limit.seconds else ""
    return f"- {limit.name}: {left} left of {most}{window}"


def _set(state: SessionState) -> Iterator[tuple[str, str]]:
    yield "model", state.model or "as the client asks"
    yield "backend", state.backend or "as the model says"
    if state.oneoff:
        yield "next request", state.oneoff
    params = ", ".join(f"{name} = {value}" for name, value in state.params.items())
    yield "parameters", params or "as the client asks"
    if state.system_suffix:
        suffix = shorten(state.system_suffix, _LONGEST_TOLD, placeholder=" …")
        yield "added to the system prompt", suffix
    if state.routes:
        yield "edited routes", ", ".join(state.routes)
    yield "loop detection", state.loop_detection or "as the file says"
    yield "project", state.project or "not set"
    yield "folder", state.project_dir or "not set"


def _story(last: LastRequest) -> Iterator[str]:
    """Each list begins after a line that is none of it, for clients that show Markdown."""
    yield f"The request {last.id} for {last.model}: {last.outcome}, {last.seconds:.3f} s."
    yield "Stages, with the time in each up to the answer's beginning:"
    for stage, seconds, decisions in last.stages:
        told = "; ".join(decisions) or "nothing to decide"
        yield f"- {stage}: {told} ({seconds * 1000:.2f} ms)"
    if last.attempts:
        yield "Attempts, with the time to the first content:"
    for number, (target, outcome, seconds) in enumerate(last.attempts, 1):
        yield f"{number}. {target}: {outcome} ({seconds * 1000:.0f} ms)"
    if last.warnings:
        yield "Warnings:"
    for warning in last.warnings:
        yield f"- {warning}"
