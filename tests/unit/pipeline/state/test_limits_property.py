"""However requests come, every store lets in the same ones: those that a leaky bucket does."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from llm_proxy.pipeline.state.charges import Charge
from tests.support.redis_server import RedisServer
from tests.support.stores import InMemory, Kept, OnRedis

DAY = 86_400.0
MOST = {"a": 3, "b": 10, "c": 7}

# A pause gives back no round part of a limit, so that no decision hangs on the last bit.
PAUSE = DAY * 0.0371

charges = st.dictionaries(st.sampled_from(sorted(MOST)), st.integers(1, 3), min_size=1)
steps = st.lists(charges | st.just(None), max_size=25)


class Model:
    """The levels of leaky buckets, as one would do it on paper."""

    def __init__(self) -> None:
        self.levels = dict.fromkeys(MOST, 0.0)

    def leak(self, seconds: float) -> None:
        for key, most in MOST.items():
            self.levels[key] = max(0.0, self.levels[key] - seconds * most / DAY)

    def take(self, costs: dict[str, int]) -> bool:
        if any(self.levels[key] + cost > MOST[key] for key, cost in costs.items()):
            return False
        for key, cost in costs.items():
            self.levels[key] += cost
        return True


async def _agree(kept: Kept, plan: Sequence[dict[str, int] | None]) -> None:
    model = Model()
    async with kept.store as store:
        for costs in plan:
            if costs is None:
                model.leak(PAUSE)
                await kept.leak(PAUSE)
                continue
            granted = model.take(costs)
            standings = await store.take(
                [Charge(key, MOST[key], DAY, cost) for key, cost in costs.items()]
            )
            assert granted == (not any(standing.wait for standing in standings))
            left = [MOST[key] - model.levels[key] for key in costs]
            assert left == pytest.approx([standing.left for standing in standings], abs=0.01)


@given(steps)
def test_in_memory(plan: Sequence[dict[str, int] | None]) -> None:
    asyncio.run(_agree(InMemory(), plan))


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps)
def test_on_redis(tmp_path: Path, plan: Sequence[dict[str, int] | None]) -> None:
    with RedisServer(tmp_path) as server:
        asyncio.run(_agree(OnRedis(server), plan))
