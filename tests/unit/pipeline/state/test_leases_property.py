"""However requests come, stay and go, every store counts what is held as one would on paper."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from llm_proxy.pipeline.state.charges import Charge, Lease
from tests.support.redis_server import RedisServer
from tests.support.stores import InMemory, Kept, OnRedis

DAY = 86_400.0
MOST = 10

# No pause gives back a round part of a limit, and none ends when a lease does.
PAUSE = DAY * 0.0371
LIFE = PAUSE * 2.5

Step = tuple[Literal["take", "settle", "keep", "pause"], int, int]

steps = st.lists(
    st.tuples(
        st.sampled_from(["take", "take", "settle", "keep", "pause"]),
        st.integers(0, 4),
        st.integers(0, 6),
    ),
    max_size=30,
)


class Model:
    """One limit: its level, and by lease what is held and for how long."""

    def __init__(self) -> None:
        self.level = 0.0
        self.held: dict[int, tuple[int, float]] = {}

    @property
    def full(self) -> float:
        return self.level + sum(cost for cost, _ in self.held.values())

    def pause(self) -> None:
        self.level = max(0.0, self.level - PAUSE * MOST / DAY)
        aged = {lease: (cost, life - PAUSE) for lease, (cost, life) in self.held.items()}
        self.held = {lease: one for lease, one in aged.items() if one[1] > 0}

    def take(self, lease: int, cost: int) -> bool:
        if self.full + cost > MOST:
            return False
        self.held[lease] = (cost, LIFE)
        return True


async def _agree(kept: Kept, plan: Sequence[Step]) -> None:
    model, taken = Model(), dict[int, int]()
    async with kept.store as store:
        for what, lease, cost in plan:
            if what == "pause":
                model.pause()
                await kept.leak(PAUSE)
            elif what == "take" and lease not in taken:
                charge = Charge("a", MOST, DAY, cost, is_held=True)
                granted = model.take(lease, cost)
                (standing,) = await store.take([charge], Lease(str(lease), LIFE))
                assert granted == (standing.wait == 0)
                assert max(0, MOST - model.full) == pytest.approx(standing.left, abs=0.01)
                if granted:
                    taken[lease] = cost
            elif what == "keep" and lease in taken:
                charge = Charge("a", MOST, DAY, taken[lease], is_held=True)
                model.held[lease] = (taken[lease], LIFE)
                await store.keep([charge], Lease(str(lease), LIFE))
            elif what == "settle" and lease in taken:
                charge = Charge("a", MOST, DAY, taken.pop(lease), is_held=True)
                model.held.pop(lease, None)
                model.level += cost
                await store.settle([charge], Lease(str(lease), LIFE), [cost])


@given(steps)
def test_in_memory(plan: Sequence[Step]) -> None:
    asyncio.run(_agree(InMemory(), plan))


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps)
def test_on_redis(tmp_path: Path, plan: Sequence[Step]) -> None:
    with RedisServer(tmp_path) as server:
        asyncio.run(_agree(OnRedis(server), plan))
