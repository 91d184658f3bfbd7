"""The stage: what is given again, and to whom."""

import tomllib
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from llm_proxy.pipeline.chain import order_problems
from llm_proxy.pipeline.events import (
    End,
    Finish,
    Start,
    TextDelta,
    Usage,
)
from llm_proxy.pipeline.exchange import Caller, Exchange
from llm_proxy.pipeline.grants import Grants
from llm_proxy.pipeline.reply import Head, Reply
from llm_proxy.stages import BUILTIN
from llm_proxy.stages.cache.stage import CacheOptions
from tests.support.cached import TWO, Bench, sure
from tests.support.stages import said

ROOT = Path(__file__).parents[4]


async def test_the_same_question_gets_the_same_answer() -> None:
    bench = Bench(*TWO)
    assert ("miss", "one") == await bench.ask(sure())
    assert ("hit", "one") == await bench.ask(sure())
    assert ("miss", "two") == await bench.ask(sure("another"))
    assert 2 == len(bench.seen)


async def test_what_a_hit_tells() -> None:
    def answer(_: Exchange) -> Reply:
        return Reply.of(Head("b", "gpt", ("dropped x",)), said("o", "ne"))

    bench = Bench(answer)
    await bench.ask(sure())
    bench.now += 12.9
    exchange = sure()
    reply = await bench(exchange)
    assert Head("b", "gpt", ("dropped x",), replayed=True) == reply.head
    assert [
        Start("", "m", 0),
        TextDelta("one"),
        Finish("stop"),
        Usage(1, 2),
        End(),
    ] == await reply.collect()
    trace = exchange.trace
    assert {"x-llm-proxy-cache": "hit", "age": "12"} == trace.headers
    assert ({"cache": "hit"}, ["dropped x"]) == (trace.notes, trace.warnings)
    assert [("", "hit: given again after 13 s")] == trace.decisions


async def test_what_a_miss_tells() -> None:
    bench, exchange = Bench(), sure()
    await bench.ask(exchange)
    assert ({"cache": "miss"}, [("", "miss: sent on")]) == (
        exchange.trace.notes,
        exchange.trace.decisions,
    )


async def test_an_answer_is_forgotten_after_its_time() -> None:
    bench = Bench(*TWO, ttl="10s")
    await bench.ask(sure())
    await bench.clock.sleep(9.9)
    assert ("hit", "one") == await bench.ask(sure())
    await bench.clock.sleep(0.2)
    assert ("miss", "two") == await bench.ask(sure())


async def test_no_key_and_no_tenant_gets_anothers_answer() -> None:
    bench = Bench(said("1"), said("2"), said("3"), said("4"))
    who = [("key-1", ""), ("key-2", ""), ("key-1", "acme"), ("key-2", "acme")]
    for _ in range(2):
        found = [(await bench.ask(sure(caller=key, tenant=of)))[1] for key, of in who]
        assert ["1", "2", "3", "4"] == found


async def test_a_tenants_keys_may_share() -> None:
    bench = Bench(said("1"), said("2"), per="tenant")
    who = [("key-1", "acme"), ("key-2", "acme"), ("key-3", "other"), ("key-4", "other")]
    found = [await bench.ask(sure(caller=key, tenant=tenant)) for key, tenant in who]
    assert [("miss", "1"), ("hit", "1"), ("miss", "2"), ("hit", "2")] == found


async def test_nobody_gets_an_answer_of_a_model_that_it_may_not_ask() -> None:
    bench = Bench(said("1"), said("2"), per="tenant")
    await bench.ask(sure())

    def granted(**grants: Any) -> Exchange:
        return replace(sure(), caller=Caller("key-2", grants=Grants(**grants)))

    assert ("hit", "1") == await bench.ask(granted(backends=("b",), models=("m",)))
    assert ("miss", "2") == await bench.ask(granted(models=("other",)))
    bench.answers.append(said("3"))
    assert ("miss", "3") == await bench.ask(granted(backends=("other",)))


def test_the_default_file_shows_every_option_and_its_default() -> None:
    _, _, rest = (ROOT / "pipelines.toml").read_text(encoding="utf-8").partition("[stages.cache]")
    lines = [line.removeprefix("# ") for line in rest.partition("\n\n")[0].splitlines()[1:]]
    shown = tomllib.loads("\n".join(lines))
    assert CacheOptions.model_fields.keys() == shown.keys()
    assert CacheOptions() == CacheOptions.model_validate(shown)


@pytest.mark.parametrize("before", ["auth", "session", "commands", "transform"])
def test_it_stands_behind_whatever_changes_requests(before: str) -> None:
    chain = ["cache", before, "dispatch"]
    ((position, mend),) = order_problems([(name, BUILTIN[name]) for name in chain])
    assert (0, before in mend) == (position, True)
