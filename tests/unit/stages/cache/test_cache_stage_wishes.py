"""The stage: what clients and operators want of it, and what goes by."""

from dataclasses import replace

import pytest

from tests.support.cached import TWO, Bench, chance, sure
from tests.support.stages import said


async def test_only_what_asks_for_the_same_each_time_is_kept() -> None:
    bench = Bench(*TWO)
    assert [("bypass", "one"), ("bypass", "two")] == [await bench.ask(chance()) for _ in "ab"]


async def test_unless_the_client_asks_for_it() -> None:
    bench = Bench(*TWO)
    asked = [await bench.ask(chance(x_llm_proxy_cache="on")) for _ in "ab"]
    assert [("miss", "one"), ("hit", "one")] == asked
    assert ("bypass", "two") == await bench.ask(sure(x_llm_proxy_cache="off"))


async def test_or_the_operator_does() -> None:
    bench = Bench(*TWO, when="always")
    assert [("miss", "one"), ("hit", "one")] == [await bench.ask(chance()) for _ in "ab"]
    assert ("bypass", "two") == await bench.ask(chance(x_llm_proxy_cache="off"))


async def test_a_client_that_forbids_it_is_obeyed() -> None:
    bench = Bench(said("1"), said("2"), said("3"))
    assert ("bypass", "1") == await bench.ask(sure(cache_control="no-store"))
    assert ("miss", "2") == await bench.ask(sure())
    assert ("bypass", "3") == await bench.ask(sure(cache_control="no-store"))
    assert ("hit", "2") == await bench.ask(sure())


@pytest.mark.parametrize("control", ["no-cache", "max-age=0"])
async def test_a_client_that_wants_it_anew_renews_it(control: str) -> None:
    bench = Bench(*TWO)
    await bench.ask(sure())
    assert ("bypass", "two") == await bench.ask(sure(cache_control=control))
    assert ("hit", "two") == await bench.ask(sure())


async def test_a_client_may_say_how_old_it_may_be() -> None:
    bench = Bench(*TWO)
    await bench.ask(sure())
    bench.now += 30
    assert ("hit", "one") == await bench.ask(sure(cache_control="max-age=30"))
    assert ("miss", "two") == await bench.ask(sure(cache_control="max-age=29"))
    assert ("hit", "two") == await bench.ask(sure(cache_control="max-age=1"))


async def test_why_a_request_goes_by_is_told() -> None:
    counting = replace(sure(), request=replace(sure().request, counts_only=True))
    odd = replace(sure(), request=sure().request.with_param("own", object()))
    for exchange, why in {
        "not asked for": chance(),
        "the client forbids it": sure(cache_control="no-store"),
        "only counts tokens": counting,
        "cannot be compared": odd,
    }.items():
        await Bench().ask(why)
        assert [("", f"bypass: {exchange}")] == why.trace.decisions
