"""Faults played to a whole chain, in this process."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from llm_proxy.lab import client, stand_in
from llm_proxy.lab.case import Case
from llm_proxy.lab.faults import FAULTS, Fault
from llm_proxy.lab.routes import routes_of
from llm_proxy.lab.tracebacks import Tracebacks
from llm_proxy.lab.verdict import Verdict
from llm_proxy.lab.verify import verify
from llm_proxy.pipeline.plan import Plan
from tests.unit.lab.plans import TWO, plan_of

Toml = Callable[[str], Path]

NAMED = {fault.name: fault for fault in FAULTS}


async def verdicts(plan: Plan, *names: str) -> dict[Case, Verdict]:
    """What is seen of these faults at the plan's first route."""
    faults = [NAMED[name] for name in names]
    with Tracebacks() as tracebacks:
        return await verify(plan, routes_of(plan)[0], faults, tracebacks)


def wrong(found: dict[Case, Verdict]) -> dict[str, str]:
    return {case.id: verdict.words for case, verdict in found.items() if verdict.sort == "wrong"}


async def test_each_fault_at_the_first_and_at_all_whole_and_streamed(toml: Toml) -> None:
    found = await verdicts(plan_of(toml), "error-503", "cut-1")
    assert [(c.fault.name, c.everywhere, c.stream) for c in found] == [
        (name, everywhere, stream)
        for everywhere in (False, True)
        for name in ("error-503", "cut-1")
        for stream in (False, True)
    ]


@pytest.mark.parametrize("name", ["refused", "reset", "error-503", "empty-body", "cut-0"])
async def test_the_second_target_answers_for_the_first(toml: Toml, name: str) -> None:
    found = await verdicts(plan_of(toml), name)
    assert wrong(found) == {}
    for case, verdict in found.items():
        if case.everywhere:
            assert verdict.sort == "an error"
        else:
            assert verdict.sort == "another target"
            assert verdict.words.startswith("200 from two:claude-opus-5")


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Shorter waits still, where they are waited for."""
    monkeypatch.setattr(stand_in, "LONGEST_WAIT", 0.1)
    monkeypatch.setattr(stand_in, "LONGEST_TOTAL", 0.2)
    monkeypatch.setattr(stand_in, "LONGEST_REQUEST", 0.2)
    monkeypatch.setattr(client, "PATIENCE", 0.4)


@pytest.mark.usefixtures("impatient")
async def test_a_stream_that_has_begun_is_told_its_end(toml: Toml) -> None:
    found = await verdicts(plan_of(toml), "cut-1", "stall-1")
    words = [v.words for case, v in found.items() if case.stream and not case.everywhere]
    begun = '200, then an error in the stream after "answered by one:gpt-5,": the backend'
    assert wrong(found) == {}
    assert len(words) == 2
    assert all(word.startswith(begun) for word in words)


async def test_one_target_is_asked_once(toml: Toml) -> None:
    plan = plan_of(toml, TWO.replace(', { backend = "two", model = "claude-opus-5" }', ""))
    found = await verdicts(plan, "error-500")
    assert [(case.everywhere, case.stream) for case in found] == [(True, False), (True, True)]
    assert {verdict.sort for verdict in found.values()} == {"an error"}


async def test_a_refusal_at_one_model_is_none_at_another_of_the_same_backend(toml: Toml) -> None:
    plan = plan_of(toml, TWO.replace('"two", model = "claude-opus-5"', '"one", model = "gpt-6"'))
    found = await verdicts(plan, "error-503", "refused")
    assert wrong(found) == {}
    for case, verdict in found.items():
        alone = case.fault.name == "error-503" and not case.everywhere
        assert (verdict.sort == "another target") is alone
        assert verdict.words.startswith("200 from one:gpt-6") is alone


@pytest.mark.parametrize(
    ("stage", "name", "words"),
    [
        ("Swallows", "cut-1", "a part that passes for the whole"),
        ("Mixes", "error-503", "an answer of no single target"),
        ("Breaks", "error-400", "a traceback in the log: ValueError: a defect"),
        ("Hushes", "error-400", "an answer without text that no target gave"),
    ],
)
async def test_a_wrong_chain_is_found(toml: Toml, stage: str, name: str, words: str) -> None:
    text = TWO.replace('"failover"', f'"tests.support.bad_stages:{stage}", "failover"')
    found = wrong(await verdicts(plan_of(toml, text), name))
    assert found
    assert all(words in line for line in found.values())


@pytest.mark.usefixtures("impatient")
async def test_a_chain_that_waits_for_ever_is_found(toml: Toml) -> None:
    plan = plan_of(toml, '[pipelines.a]\nserves = ["/v1beta"]\nstages = ["dispatch"]\n')
    found = await verdicts(plan, "slow-head", "stall-1")
    assert list(wrong(found)) == ["lab-stall-1-streamed-everywhere"]
    assert "200, then hangs" in wrong(found)["lab-stall-1-streamed-everywhere"]


async def test_a_fault_that_a_vendor_plays_wrongly_is_no_answer(toml: Toml) -> None:
    def breaks(_asked: object) -> None:
        raise KeyError("the lab's own defect")

    fault = Fault("own", "a defect of the lab", breaks)  # type: ignore[arg-type]
    plan = plan_of(toml)
    with Tracebacks() as tracebacks:
        found = await verify(plan, routes_of(plan)[0], [fault], tracebacks)
        assert tracebacks.take(None)
    assert {verdict.sort for verdict in found.values()} == {"another target", "an error"}


@pytest.mark.usefixtures("impatient")
async def test_nothing_is_left_behind(toml: Toml) -> None:
    before = asyncio.all_tasks()
    await verdicts(plan_of(toml), "slow-head", "stall-1")
    assert asyncio.all_tasks() == before
