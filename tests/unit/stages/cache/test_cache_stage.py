"""The stage: what is given again, to whom, and what goes by."""

import asyncio
import tomllib
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from llm_proxy.pipeline.chain import order_problems
from llm_proxy.pipeline.errors import Kind, StateAway, UpstreamBroken, UpstreamRefused
from llm_proxy.pipeline.events import (
    End,
    Event,
    Failure,
    Finish,
    ReasoningState,
    Start,
    TextDelta,
    Usage,
)
from llm_proxy.pipeline.exchange import Caller, Client, Exchange
from llm_proxy.pipeline.grants import Grants
from llm_proxy.pipeline.parts import Seal
from llm_proxy.pipeline.reply import PROXY, Head, Reply
from llm_proxy.pipeline.request import Source
from llm_proxy.pipeline.state.memory import MemoryStore
from llm_proxy.stages import BUILTIN
from llm_proxy.stages.cache import Cache
from llm_proxy.stages.cache.stage import CacheOptions
from llm_proxy.stages.loop_detection import LoopDetection
from tests.support.stages import Answer, Run, asking, said, text_of
from tests.support.virtual_time import in_virtual_time

ROOT = Path(__file__).parents[4]


class Bench(Run):
    """A cache over a scripted rest of the chain, and its clock."""

    def __init__(self, *answers: Answer, store: MemoryStore | None = None, **options: Any) -> None:
        self.now = 5000.0
        kit = {"store": store} if store else {}
        super().__init__(Cache, options, answers, wall_clock=lambda: self.now, **kit)

    async def ask(self, exchange: Exchange) -> tuple[str, str]:
        """What the header says, and the text of the answer."""
        async with await self(exchange) as reply:
            events = await reply.collect()
        return exchange.trace.headers["x-llm-proxy-cache"], text_of(events)


def sure(text: str = "hello", caller: str = "key-1", tenant: str = "", **headers: str) -> Exchange:
    """A deterministic request."""
    exchange = asking(text, params={"temperature": 0})
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return replace(exchange, caller=Caller(caller, tenant=tenant), client=Client(headers=named))


TWO = (said("one"), said("two"))


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


def chance(**headers: str) -> Exchange:
    return replace(sure(**headers), request=asking().request)


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


def from_(backend: str, *events: Event) -> Answer:
    return lambda _: Reply.of(Head(backend, "m"), list(events))


NOT_KEPT: dict[str, Answer] = {
    "the client's limit": said("one", reason="length"),
    "filtered": said("one", reason="content_filter"),
    "the proxy's own": from_(PROXY, *said("one")),
    "too large": said("x" * 500),
}


@pytest.mark.parametrize("answer", NOT_KEPT.values(), ids=list(NOT_KEPT))
async def test_what_is_not_kept(answer: Answer) -> None:
    bench = Bench(answer, said("two"), largest=300)
    await bench.ask(sure())
    assert ("miss", "two") == await bench.ask(sure())
    assert ("hit", "two") == await bench.ask(sure())


async def test_a_failure_is_not_kept() -> None:
    bench = Bench(
        UpstreamBroken("torn"), [TextDelta("o"), Failure(UpstreamBroken("torn"))], said("3")
    )
    for _ in range(2):
        with pytest.raises(UpstreamBroken):
            await bench.ask(sure())
    assert ("miss", "3") == await bench.ask(sure())


async def test_what_the_client_did_not_wait_for_is_not_kept() -> None:
    bench = Bench(*TWO)
    async with await bench(sure()):
        pass
    assert ("miss", "two") == await bench.ask(sure())


@pytest.mark.parametrize("is_outside", [True, False])
async def test_what_was_cut_as_a_loop_is_not_kept(is_outside: bool) -> None:  # noqa: FBT001 - a parameter
    bench = Bench(said("round and round " * 100), said("two"))
    guard = LoopDetection(LoopDetection.Options(), bench.stage.kit)

    async def ask() -> tuple[str, str]:
        exchange = sure()
        first, second = (guard, bench.stage) if is_outside else (bench.stage, guard)

        async def rest(inner: Exchange) -> Reply:
            return await second(inner, bench._rest)

        async with await first(exchange, rest) as reply:
            return exchange.trace.headers["x-llm-proxy-cache"], text_of(await reply.collect())

    assert "it was repeating itself" in (await ask())[1]
    assert ("miss", "two") == await ask()


SEALED: Sequence[Event] = (
    Start("id", "m", 1),
    ReasoningState(Seal("d", {"signature": "s"}, "maker")),
    *said("one")[1:],
)


def in_dialect(exchange: Exchange, dialect: str) -> Exchange:
    source = Source(dialect, b"", {}, (), {}, (), None)
    return exchange.with_request(replace(exchange.request, source=source))


async def test_sealed_state_goes_to_nobody_else_and_not_into_another_dialect() -> None:
    bench = Bench(SEALED, said("2"), said("3"), per="tenant")
    asked = [("key-1", "d"), ("key-1", "d"), ("key-2", "d"), ("key-1", "e")]
    found = [await bench.ask(in_dialect(sure(caller=key), dialect)) for key, dialect in asked]
    assert [("miss", "one"), ("hit", "one"), ("miss", "2"), ("hit", "2")] == found
    bench = Bench(SEALED, said("2"))
    found = [await bench.ask(in_dialect(sure(), dialect)) for dialect in "de"]
    assert [("miss", "one"), ("miss", "2")] == found


async def test_sealed_state_is_not_kept_for_longer_than_its_maker_is_known() -> None:
    bench = Bench(SEALED, said("2"), ttl="1d")
    await bench.ask(sure())
    await bench.clock.sleep(3599)
    assert ("hit", "one") == await bench.ask(sure())
    await bench.clock.sleep(2)
    assert ("miss", "2") == await bench.ask(sure())


def slowly(answer: Sequence[Event], seconds: float) -> Answer:
    async def source() -> AsyncIterator[Sequence[Event]]:
        for event in answer:
            await asyncio.sleep(seconds / len(answer))
            yield [event]

    return lambda _: Reply(Head("b", "m"), source())


def at_once(bench: Bench, *exchanges: Exchange) -> list[Any]:
    """What comes of requests at the same time."""

    async def ask(exchange: Exchange) -> Any:
        try:
            return await bench.ask(exchange)
        except Exception as error:
            return error

    async def main() -> list[Any]:
        return await asyncio.gather(*map(ask, exchanges))

    return in_virtual_time(main())


def test_of_the_same_at_once_only_one_is_sent_on() -> None:
    bench = Bench(slowly(said("one"), 3))
    found = at_once(bench, *(sure() for _ in range(50)))
    assert [("miss", "one"), *[("hit", "one")] * 49] == found
    assert 1 == len(bench.seen)


def test_a_failure_of_the_first_is_not_the_others() -> None:
    bench = Bench(slowly([Failure(UpstreamBroken("torn"))], 3), slowly(said("two"), 3))
    error, *found = at_once(bench, *(sure() for _ in range(5)))
    assert isinstance(error, UpstreamBroken)
    assert [("miss", "two"), *[("hit", "two")] * 3] == found


def test_what_the_client_got_wrong_each_is_told_at_once() -> None:
    def refuse(_: Exchange) -> Reply:
        raise UpstreamRefused("no", Kind.BAD_REQUEST, 400)

    bench = Bench(refuse)
    found = at_once(bench, *(sure() for _ in range(5)))
    assert [400] * 5 == [error.status for error in found]
    assert 5 == len(bench.seen)


def test_nobody_waits_longer_than_the_file_allows() -> None:
    bench = Bench(slowly(said("one"), 30), slowly(said("two"), 1), longest_wait="5s")
    assert [("miss", "one"), ("miss", "two")] == at_once(bench, sure(), sure())


class Away(MemoryStore):
    async def load(self, key: str) -> bytes | None:
        raise StateAway("gone")


async def test_where_the_file_wants_it_nothing_is_answered_without_state() -> None:
    bench = Bench(store=Away(lambda: 0))
    with pytest.raises(StateAway):
        await bench.ask(sure())
    assert ("bypass", "ok") == await bench.ask(chance())


class KeepsNoAnswers(MemoryStore):
    async def save(self, key: str, value: bytes, ttl: float) -> None:
        if value.startswith(b"["):
            raise StateAway("gone")
        await super().save(key, value, ttl)


def test_where_an_answer_cannot_be_kept_the_next_one_asks() -> None:
    bench = Bench(slowly(said("one"), 1), slowly(said("two"), 1), store=KeepsNoAnswers(lambda: 0))
    found = at_once(bench, sure(), sure())
    assert [("miss", "one"), ("miss", "two")] == found


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
