"""Durations anywhere in options, and nothing else."""

from collections.abc import Mapping

from pydantic import BaseModel

from llm_proxy.lab.shortened import shortened
from llm_proxy.pipeline.values import Seconds
from llm_proxy.stages.failover import FailoverOptions


class Inner(BaseModel):
    pause: Seconds = 9.0
    name: str = "inner"


class Options(BaseModel):
    first: Seconds = 60.0
    short: Seconds = 0.01
    whole_number: Seconds = 5
    maybe: Seconds | None = 60.0
    never: Seconds | None = None
    several: tuple[Seconds, ...] = (1.0, 0.1)
    named: Mapping[str, Seconds] = {"a": 7.0}
    total: Seconds = 300.0
    total_timeout: Seconds = 1.0
    ratio: float = 60.0
    count: int = 60
    flag: bool = True
    text: str = "60s"
    inner: Inner = Inner()
    inners: Mapping[str, tuple[Inner, ...]] = {"x": (Inner(), Inner(pause=0.2))}


def test_every_duration_is_shortened_wherever_it_stands() -> None:
    short = shortened(Options(), 0.3, 2.0)
    assert {
        "first": 0.3,
        "short": 0.01,
        "whole_number": 0.3,
        "maybe": 0.3,
        "never": None,
        "several": (0.3, 0.1),
        "named": {"a": 0.3},
        "total": 2.0,
        "total_timeout": 1.0,
        "ratio": 60.0,
        "count": 60,
        "flag": True,
        "text": "60s",
        "inner": {"pause": 0.3, "name": "inner"},
        "inners": {
            "x": ({"pause": 0.3, "name": "inner"}, {"pause": 0.2, "name": "inner"}),
        },
    } == short.model_dump()


def test_the_options_themselves_stay_as_they_are() -> None:
    options = Options()
    assert type(shortened(options, 0.3, 2.0)) is Options
    assert options == Options()


def test_failovers_own() -> None:
    routes = {"r": {"attempts": [{"backend": "b", "model": "m"}]}}
    options = FailoverOptions.model_validate({"routes": routes, "between_events_timeout": "100ms"})
    short = shortened(options, 0.3, 2.0)
    assert (short.first_event_timeout, short.between_events_timeout) == (0.3, 0.1)
    assert short.total_timeout == 2.0
    assert short.routes == options.routes
