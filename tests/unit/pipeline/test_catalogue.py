"""What the backends offer."""

import asyncio
from typing import Any
from unittest.mock import Mock

import pytest

from llm_proxy.pipeline import catalogue as catalogue_module
from llm_proxy.pipeline.backend import Backend, BackendKit, BackendOptions
from llm_proxy.pipeline.catalogue import Catalogue
from llm_proxy.pipeline.errors import Kind, UpstreamBroken, UpstreamRefused, UpstreamTimeout
from llm_proxy.pipeline.exchange import Exchange
from llm_proxy.pipeline.reply import Reply
from tests.support.clock import Clock

DOWN = UpstreamBroken("down")
NO_LIST = UpstreamRefused("no list", Kind.NOT_FOUND, 404)
NO_KEY = UpstreamRefused("wrong key", Kind.UNAUTHORIZED, 401)
HANGS = None

Answer = list[str] | Exception | None


class Scripted(Backend[BackendOptions]):
    """Gives, raises or waits as told: the next answer on each call, the last one again."""

    def __init__(self, *answers: Answer) -> None:
        super().__init__("any", BackendOptions(), Mock(spec=BackendKit))
        self.answers = list(answers)
        self.asked = 0

    async def send(self, exchange: Exchange, model: str) -> Reply:
        raise NotImplementedError

    async def models(self) -> list[str]:
        answer = self.answers[min(self.asked, len(self.answers) - 1)]
        self.asked += 1
        await asyncio.sleep(0)
        if answer is HANGS:
            await asyncio.Event().wait()
        if isinstance(answer, Exception):
            raise answer
        return answer or []


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(catalogue_module, "PATIENCE", 0.01)


def catalogue(clock: Clock, **backends: Backend[Any]) -> Catalogue:
    return Catalogue(backends, clock)


async def ids(catalogue: Catalogue) -> list[str]:
    return [entry.id for entry in await catalogue.models()]


async def test_models_are_listed_under_their_backends(clock: Clock) -> None:
    listed = await catalogue(clock, a=Scripted(["x", "y"]), b=Scripted(["x"])).models()
    assert [("a:x", "a"), ("a:y", "a"), ("b:x", "b")] == [(e.id, e.owner) for e in listed]


async def test_no_backend_no_models(clock: Clock) -> None:
    empty = catalogue(clock)
    assert ([], {}) == (await empty.models(), await empty.failures())


async def test_a_list_is_kept_for_five_minutes(clock: Clock) -> None:
    backend = Scripted(["x"], ["y"])
    at = catalogue(clock, a=backend)
    assert ["a:x"] == await ids(at)
    clock.now += 299.9
    assert ["a:x"] == await ids(at)
    assert 1 == backend.asked
    clock.now += 0.1
    assert ["a:y"] == await ids(at)
    assert 2 == backend.asked


async def test_a_failure_is_kept_for_ten_seconds(clock: Clock) -> None:
    backend = Scripted(DOWN, ["x"])
    at = catalogue(clock, a=backend)
    assert [] == await ids(at)
    clock.now += 9.9
    assert [] == await ids(at)
    assert 1 == backend.asked
    clock.now += 0.1
    assert ["a:x"] == await ids(at)
    assert {"a": None} == await at.failures()
    clock.now += 299.9
    assert ["a:x"] == await ids(at)
    assert 2 == backend.asked


async def test_models_and_failures_ask_together(clock: Clock) -> None:
    backend = Scripted(["x"])
    at = catalogue(clock, a=backend)
    assert {"a": None} == await at.failures()
    assert ["a:x"] == await ids(at)
    assert 1 == backend.asked


async def test_many_who_ask_at_once_ask_the_backend_once(clock: Clock) -> None:
    backend = Scripted(["x"])
    at = catalogue(clock, a=backend)
    assert [["a:x"]] * 5 == await asyncio.gather(*(ids(at) for _ in range(5)))
    assert 1 == backend.asked


async def test_a_dead_backend_does_not_break_the_list(clock: Clock) -> None:
    at = catalogue(clock, a=Scripted(["x"]), dead=Scripted(DOWN), c=Scripted(["z"]))
    assert ["a:x", "c:z"] == await ids(at)
    assert {"a": None, "dead": DOWN, "c": None} == await at.failures()


async def test_a_backend_with_a_bug_does_not_break_the_list(clock: Clock) -> None:
    at = catalogue(clock, a=Scripted(["x"]), dead=Scripted(KeyError("data")))
    assert ["a:x"] == await ids(at)
    failures = await at.failures()
    assert failures["a"] is None
    assert failures["dead"] is not None


async def test_the_last_known_models_of_a_dead_backend_stay_listed(clock: Clock) -> None:
    at = catalogue(clock, a=Scripted(["x"], DOWN, ["y"]))
    await at.models()
    clock.now += 300
    assert ["a:x"] == await ids(at)
    assert {"a": DOWN} == await at.failures()
    clock.now += 10
    assert ["a:y"] == await ids(at)


async def test_a_backend_without_a_list_is_there(clock: Clock) -> None:
    backend = Scripted(NO_LIST)
    at = catalogue(clock, a=backend)
    assert ([], {"a": None}) == (await ids(at), await at.failures())
    clock.now += 299
    assert [] == await ids(at)
    assert 1 == backend.asked


async def test_a_backend_that_refuses_the_key_is_not_ready(clock: Clock) -> None:
    assert {"a": NO_KEY} == await catalogue(clock, a=Scripted(NO_KEY)).failures()


@pytest.mark.usefixtures("impatient")
async def test_a_slow_backend_holds_the_list_up_only_so_long(clock: Clock) -> None:
    at = catalogue(clock, slow=Scripted(HANGS), b=Scripted(["y"]))
    async with asyncio.timeout(1):
        assert ["b:y"] == await ids(at)
    failure = (await at.failures())["slow"]
    assert isinstance(failure, UpstreamTimeout)
    assert 'the backend "any" did not answer in time' == failure.message


@pytest.mark.usefixtures("impatient")
async def test_a_backend_that_was_slow_is_asked_again(clock: Clock) -> None:
    at = catalogue(clock, slow=Scripted(["x"], HANGS, ["z"]))
    await at.models()
    clock.now += 300
    assert ["slow:x"] == await ids(at)
    clock.now += 10
    assert ["slow:z"] == await ids(at)


def test_how_long_a_backend_may_take() -> None:
    assert (300, 10, 5) == (
        catalogue_module.KNOWN_FOR,
        catalogue_module.FAILED_FOR,
        catalogue_module.PATIENCE,
    )


async def test_asking_goes_on_when_nobody_waits_any_more(clock: Clock) -> None:
    backend = Scripted(["x"])
    at = catalogue(clock, a=backend)
    waiting = asyncio.ensure_future(at.models())
    await asyncio.sleep(0)
    waiting.cancel()
    assert ["a:x"] == await ids(at)
    assert 1 == backend.asked


async def test_a_probe_waits_for_no_slow_backend(
    clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(catalogue_module, "PROBE_PATIENCE", 0.01)
    backend = Scripted(HANGS)
    at = catalogue(clock, a=backend, b=Scripted(["y"]))
    for _ in range(2):
        failures = await at.failures()
        assert isinstance(failures["a"], UpstreamTimeout)
        assert failures["b"] is None
    assert 1 == backend.asked
    await at.aclose()
