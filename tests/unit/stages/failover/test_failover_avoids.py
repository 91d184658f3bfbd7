"""Targets that a stage before does not want to be asked again."""

import pytest

from llm_proxy.pipeline.avoided import AVOIDED
from llm_proxy.pipeline.errors import Unavailable
from tests.support.stages import asking, said
from tests.unit.stages.failover.routed import DOWN, TARGETS, routed, tried


async def test_they_are_left_out() -> None:
    run = routed(DOWN, said("hello"))
    await run(asking().knowing(AVOIDED, frozenset(TARGETS[:1])))
    assert tried(run) == TARGETS[1:]


async def test_nobody_is_asked_if_none_is_left() -> None:
    run = routed(said("hello"))
    with pytest.raises(Unavailable):
        await run(asking().knowing(AVOIDED, frozenset(TARGETS)))
    assert tried(run) == []
