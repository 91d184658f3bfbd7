"""What is printed."""

import re
from collections.abc import Callable
from pathlib import Path

from llm_proxy.lab.faults import FAULTS
from llm_proxy.lab.report import legend, report
from tests.unit.lab.plans import TWO, plan_of

Toml = Callable[[str], Path]

SOME = [fault for fault in FAULTS if fault.name in ("reset", "error-400", "cut-1", "empty")]


async def printed(toml: Toml, text: str = TWO) -> tuple[list[str], bool]:
    """The lines, without the numbers of tries, and whether nothing was wrong."""
    lines: list[str] = []
    right = await report(plan_of(toml, text), lines.append, SOME)
    whole = "\n".join(lines)
    return re.sub(r", after \d+ tries", "", whole).split("\n"), right


async def test_a_file_that_is_right(toml: Toml) -> None:
    lines, right = await printed(toml)
    assert right
    cut = '200, then an error in the stream after "answered by one:gpt-5,": the backend "one"'
    limits = "0.3 s at most in failover, 2 s for all its attempts, 3 s for a request"
    assert lines[:10] == [
        "Each backend is played by the lab: no vendor is asked, and no key is needed.",
        f"Time limits are shortened: {limits}; the client waits 5 s.",
        "Left out, for they would keep the lab's client out: auth, rate_limit.",
        "",
        '"best" at /v1/chat/completions: one:gpt-5 → two:claude-opus-5',
        "  faults at the first target:",
        "    reset                200 from two:claude-opus-5",
        "    error-400            400 bad request",
        "    empty                200 from two:claude-opus-5",
        f"    cut-1                whole: 200 from two:claude-opus-5 | streamed: {cut} broke off",
    ]
    assert lines[10] == "  faults at every target:"
    names = [line.split()[0] for line in lines[11:15]]
    assert names == [fault.name for fault in SOME]
    assert lines[15] == ""
    assert lines[16].startswith("16 cases: ")
    assert lines[16].endswith(", 0 wrong")


async def test_what_is_wrong_is_marked(toml: Toml) -> None:
    text = TWO.replace('"failover"', '"tests.support.bad_stages:Swallows", "failover"')
    lines, right = await printed(toml, text)
    assert not right
    marked = [line for line in lines if "✗" in line]
    assert [line.split()[1] for line in marked] == ["cut-1", "cut-1"]
    assert all("streamed: 200, a part that passes for the whole" in line for line in marked)
    assert lines[-1].endswith(" 2 wrong")


async def test_a_route_with_one_target(toml: Toml) -> None:
    text = '[pipelines.a]\nserves = ["/v1beta"]\nstages = ["failover", "dispatch"]'
    lines, right = await printed(toml, text)
    assert right
    assert not [line for line in lines if line.startswith("Left out")]
    assert lines[3:5] == [
        '"any-model" at /v1beta: local:any-model',
        "  faults at the only target:",
    ]
    assert lines[-1].startswith("8 cases: 0 answered by another target")


def test_every_fault_is_explained() -> None:
    explained = legend().splitlines()[1:]
    assert [line.split()[0] for line in explained] == [fault.name for fault in FAULTS]
    assert all(fault.about in line for fault, line in zip(FAULTS, explained, strict=True))
