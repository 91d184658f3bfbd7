"""Stored keys while their Redis is away."""

import pytest

from llm_proxy.pipeline.keys import keys
from tests.integration.test_state_away import is_back
from tests.support.redis_server import RedisServer
from tests.support.tenanted import Begin, House
from tests.support.vendor import by_request


@pytest.fixture(autouse=True)
def _looked_up_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Or else a test would have to wait until it is."""
    monkeypatch.setattr(keys, "GOOD_FOR", 0)


async def statuses(at: House, *credentials: str) -> list[int]:
    found: list[int] = []
    for key in credentials:
        async with at.ask(key) as response:
            found.append(response.status)
            assert (response.headers.get("Retry-After") == "1") is (response.status == 503)
    return found


async def test_a_key_in_use_goes_on_and_of_others_nobody_can_tell(
    house: Begin, redis: RedisServer
) -> None:
    at = await house(by_request)
    used, unused = await at.key(), await at.key()
    revoked = await at.key()
    assert await statuses(at, used, revoked) == [200, 200]
    assert await at.ledger.revoke(revoked.split("-")[1])
    assert await statuses(at, revoked) == [401]
    redis.kill()
    for _ in range(3):
        asked = await statuses(at, used, unused, revoked, "fake-static-key", "wrong", used[:-1])
        assert asked == [200, 503, 503, 200, 401, 401]
    async with at.client.get("/ready") as response:
        assert response.status == 200
        assert (await response.json())["state"]["instead"]["keys"] == "local"
    redis.start()
    await is_back(at)  # type: ignore[arg-type]
    assert await statuses(at, used, unused, await at.key()) == [401, 401, 200]


async def test_closed_lets_nobody_in_with_a_stored_key(house: Begin, redis: RedisServer) -> None:
    at = await house(by_request, state='[state.when_away]\nkeys = "closed"')
    used = await at.key()
    assert await statuses(at, used) == [200]
    redis.kill()
    assert await statuses(at, used, "fake-static-key") == [503, 200]
