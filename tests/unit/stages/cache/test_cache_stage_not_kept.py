"""The stage: what is not kept, or not for everybody."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from llm_proxy.pipeline.errors import UpstreamBroken
from llm_proxy.pipeline.events import (
    Event,
    Failure,
    ReasoningState,
    Start,
    TextDelta,
)
from llm_proxy.pipeline.exchange import Exchange
from llm_proxy.pipeline.parts import Seal
from llm_proxy.pipeline.reply import PROXY, Head, Reply
from llm_proxy.pipeline.request import Source
from llm_proxy.stages.loop_detection import LoopDetection
from tests.support.cached import TWO, Bench, sure
from tests.support.stages import Answer, said, text_of


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
