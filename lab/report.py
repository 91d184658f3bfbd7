"""What `llm-proxy verify` prints: for each route and fault what a client would see."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence

from llm_proxy.lab.case import Case
from llm_proxy.lab.client import PATIENCE
from llm_proxy.lab.faults import FAULTS, Fault
from llm_proxy.lab.routes import routes_of
from llm_proxy.lab.stand_in import LONGEST_REQUEST, LONGEST_TOTAL, LONGEST_WAIT, left_out
from llm_proxy.lab.tracebacks import Tracebacks
from llm_proxy.lab.verdict import Sort, Verdict
from llm_proxy.lab.verify import verify
from llm_proxy.pipeline.plan import Plan

Write = Callable[[str], None]

_WIDTH = max(len(fault.name) for fault in FAULTS)

_MARK = "✗"


def legend() -> str:
    """Every fault and what it is."""
    return "faults:\n" + "\n".join(f"  {fault.name:{_WIDTH}}  {fault.about}" for fault in FAULTS)


async def report(plan: Plan, write: Write, faults: Sequence[Fault] = FAULTS) -> bool:
    """Verify every route, with a line for each fault; whether nothing was wrong."""
    for line in _preface(plan):
        write(line)
    sorts: Counter[Sort] = Counter()
    with Tracebacks() as tracebacks:
        for route in routes_of(plan):
            write(f"\n{route}")
            verdicts = await verify(plan, route, faults, tracebacks)
            for line in _table(verdicts, alone=len(route.targets) == 1):
                write(line)
            sorts.update(verdict.sort for verdict in verdicts.values())
        strays = tracebacks.take(None)
    for error in strays:
        write(f"{_MARK} a traceback in the log: {error}")
    write(f"\n{_summary(sorts)}")
    return not sorts["wrong"] and not strays


def _preface(plan: Plan) -> list[str]:
    limits = (
        f"{LONGEST_WAIT:g} s at most in failover, {LONGEST_TOTAL:g} s for all its attempts, "
        f"{LONGEST_REQUEST:g} s for a request; the client waits {PATIENCE:g} s"
    )
    lines = [
        "Each backend is played by the lab: no vendor is asked, and no key is needed.",
        f"Time limits are shortened: {limits}.",
    ]
    if names := left_out(plan):
        lines.append(f"Left out, for they would keep the lab's client out: {', '.join(names)}.")
    return lines


def _table(verdicts: Mapping[Case, Verdict], *, alone: bool) -> list[str]:
    lines: list[str] = []
    place: bool | None = None
    for case, verdict in verdicts.items():
        if case.everywhere != place:
            place = case.everywhere
            at = "every target" if place else "the first target"
            lines.append(f"  faults at {'the only target' if alone else at}:")
        if not case.stream:
            lines.append(_line(case, verdict, verdicts))
    return lines


def _line(case: Case, whole: Verdict, verdicts: Mapping[Case, Verdict]) -> str:
    streamed = next(
        verdict
        for other, verdict in verdicts.items()
        if other.stream and (other.fault, other.everywhere) == (case.fault, case.everywhere)
    )
    mark = _MARK if "wrong" in (whole.sort, streamed.sort) else " "
    words = whole.words
    if streamed.words != words:
        words = f"whole: {words} | streamed: {streamed.words}"
    return f"  {mark} {case.fault.name:{_WIDTH}}  {words}"


def _summary(sorts: Counter[Sort]) -> str:
    told = [
        f"{sorts['another target']} answered by another target",
        f"{sorts['the same target']} by the faulty one",
        f"{sorts['an error']} told as an error",
        f"{sorts['wrong']} wrong",
    ]
    return f"{sorts.total()} cases: {', '.join(told)}"
