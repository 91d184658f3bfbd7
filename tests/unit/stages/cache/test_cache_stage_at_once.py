"""The stage: the same asked at once, and what happens without state."""

import pytest

from llm_proxy.pipeline.errors import Kind, StateAway, UpstreamBroken, UpstreamRefused
from llm_proxy.pipeline.events import (
    Failure,
)
from llm_proxy.pipeline.exchange import Exchange
from llm_proxy.pipeline.reply import Reply
from llm_proxy.pipeline.state.memory import MemoryStore
from tests.support.cached import Bench, at_once, chance, slowly, sure
from tests.support.stages import said


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
