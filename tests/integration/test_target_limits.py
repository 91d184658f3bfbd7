"""Limits of each target, by a second `rate_limit` behind `failover`."""

from tests.integration.conftest import STAGES, Start
from tests.support.vendor import by_request

MORE = """
[stages.failover.routes.best]
attempts = [
  { backend = "vendor", model = "first" },
  { backend = "vendor", model = "second" },
  { backend = "local", model = "echo" },
]
[stages.per_target]
use = "rate_limit"
default_limit = "none"
limits = [
  { of = "requests", per = "model", most = 2, window = "30d", models = ["first", "second"] },
  { of = "requests", per = "backend", most = 3, window = "30d", models = ["vendor:*"] },
]
"""


async def test_who_is_over_its_limit_is_passed_over(start: Start) -> None:
    stages = [*STAGES[:-1], "per_target", "dispatch"]
    bench = await start(by_request, more=MORE, stages=stages, tries=3)
    answered: list[tuple[str, str]] = []
    for _ in range(4):
        async with bench.ask(model="best") as response:
            assert 200 == response.status
            headers = response.headers
            answered.append((headers["x-llm-proxy-model"], headers["x-llm-proxy-attempts"]))
    assert [("first", "1"), ("first", "1"), ("second", "1"), ("echo", "1")] == answered


async def test_where_nobody_else_can_be_asked_the_limit_is_told(start: Start) -> None:
    stages = [*STAGES[:-1], "per_target", "dispatch"]
    bench = await start(by_request, more=MORE, stages=stages)
    for expected in (200, 200, 429):
        async with bench.ask(model="first") as response:
            assert expected == response.status
            body = await response.json()
    assert "over 2 requests per model for first, second in 2592000 s" == body["error"]["message"]
    assert "rate_limit_exceeded" == body["error"]["code"]
    assert int(response.headers["Retry-After"]) > 1_000_000
