"""How much tenants may ask for, and their keys."""

import pytest

from llm_proxy.pipeline.grants import Grants, LimitOf
from tests.support.tenanted import Begin, House
from tests.support.vendor import by_request


async def statuses(at: House, key: str, times: int) -> list[int]:
    """What so many requests, one after the other, are answered with."""
    found: list[int] = []
    for _ in range(times):
        async with at.ask(key) as response:
            found.append(response.status)
    return found


async def test_a_tenants_limit_is_that_of_all_its_keys_together(house: Begin) -> None:
    at = await house(by_request)
    await at.narrow("acme", 'limits = "3 requests/1h"')
    one, two, foreign = await at.key(), await at.key(), await at.key("other")
    assert await statuses(at, one, 2) == [200, 200]
    assert await statuses(at, two, 2) == [200, 429]
    assert await statuses(at, one, 1) == [429]
    assert await statuses(at, foreign, 4) == [200] * 4


async def test_a_key_has_its_own_within(house: Begin) -> None:
    at = await house(by_request)
    await at.narrow("acme", 'limits = "3 requests/1h"')
    small = await at.key(grants=Grants(limits=(LimitOf("requests", 1, 3600),)))
    assert await statuses(at, small, 2) == [200, 429]
    assert await statuses(at, await at.key(), 3) == [200, 200, 429]


@pytest.mark.parametrize("line", ['limits = "40 tokens/1h"', 'budget = "0.0001/1h"'])
async def test_what_was_used_is_counted_in_tokens_and_in_money(house: Begin, line: str) -> None:
    prices = '[stages.rate_limit.prices."*"]\ninput = 1\noutput = 1'
    at = await house(by_request, state=prices)
    await at.narrow("acme", line)
    asked = await statuses(at, await at.key(), 40)
    assert asked[0] == 200
    assert asked[-1] == 429
    assert sorted(asked) == asked
