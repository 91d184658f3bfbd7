"""Which targets a model's name stands for."""

import logging
from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from unittest.mock import Mock

import pytest
from pydantic import ValidationError

from llm_proxy.pipeline.backend import Backend
from llm_proxy.pipeline.errors import (
    BackendOff,
    BadRequest,
    Busy,
    Kind,
    ProxyError,
    Unavailable,
    Untranslatable,
    UpstreamBroken,
    UpstreamRateLimited,
    UpstreamRefused,
    UpstreamTimeout,
    UpstreamUnavailable,
)
from llm_proxy.pipeline.events import Event, Failure, Start, TextDelta
from llm_proxy.pipeline.exchange import Caller, Exchange
from llm_proxy.pipeline.health import Health
from llm_proxy.pipeline.reply import Head, Reply
from llm_proxy.pipeline.stage import Surroundings, View
from llm_proxy.pipeline.trace import Target
from llm_proxy.stages.dispatch import Dispatch
from llm_proxy.stages.failover import Failover
from llm_proxy.stages.failover.options import FailoverOptions
from tests.support.clock import Clock
from tests.support.stages import Run, asking, said, text_of
from tests.support.targets import Farm, Keyed, Turn, played
from tests.unit.stages.failover.routed import DOWN, TARGETS, routed, tried


async def refused(run: Run, exchange: Exchange | None = None) -> Exception:
    with pytest.raises(Exception) as caught:  # noqa: PT011 - which one is for the caller to say
        await run(exchange or asking())
    return caught.value


async def test_a_model_without_a_route_goes_where_its_name_says() -> None:
    run = routed()
    exchange = asking(model="other")
    await run(exchange)
    assert exchange.at(Target("local", "other")) == run.seen[0]


async def test_a_model_without_a_route_is_tried_three_times_in_all() -> None:
    run = routed(DOWN)
    assert DOWN is await refused(run, asking(model="other"))
    assert len(run.seen) == 3


async def test_the_first_target_that_answers_is_the_only_one_asked() -> None:
    run = routed(said("hello"))
    assert text_of(await (await run(asking())).collect()) == "hello"
    assert TARGETS[:1] == tried(run)


async def test_targets_are_tried_in_their_order() -> None:
    run = routed(DOWN, UpstreamBroken("broken"), said("third"))
    assert text_of(await (await run(asking())).collect()) == "third"
    assert tried(run) == TARGETS


async def test_the_last_error_is_the_one_told() -> None:
    last = UpstreamRateLimited("slow down", retry_after=7)
    run = routed(DOWN, DOWN, last)
    assert last is await refused(run)
    assert tried(run) == TARGETS


async def test_a_target_that_is_already_set_is_the_only_one() -> None:
    run = routed(DOWN)
    set_ = Target("mine", "own")
    assert DOWN is await refused(run, asking().at(set_))
    assert [set_] * 3 == tried(run)


async def test_no_attempt_sees_the_target_of_another() -> None:
    run = routed(DOWN, said("ok"))
    exchange = asking()
    await run(exchange)
    assert exchange.target is None
    assert all(seen.request is exchange.request for seen in run.seen)
    assert all(seen.trace is exchange.trace for seen in run.seen)


@pytest.mark.parametrize(
    "error",
    [
        UpstreamBroken("x"),
        UpstreamUnavailable("x"),
        UpstreamTimeout("x"),
        UpstreamRateLimited("x"),
        UpstreamRefused("x", Kind.BILLING, 429),
        UpstreamRefused("x", Kind.FORBIDDEN, 403),
        UpstreamRefused("x", Kind.NOT_FOUND, 404),
        BackendOff("off: it has no key"),
        Busy("no place"),
        UpstreamRefused("x", Kind.CONTEXT_TOO_LONG, 400),
        Untranslatable("x", param="p"),
    ],
    ids=repr,
)
async def test_what_may_be_right_elsewhere_is_tried_elsewhere(error: ProxyError) -> None:
    run = routed(error, said("ok"))
    assert text_of(await (await run(asking())).collect()) == "ok"
    assert TARGETS[:2] == tried(run)


@pytest.mark.parametrize(
    "error",
    [
        UpstreamRefused("x", Kind.BAD_REQUEST, 400),
        UpstreamRefused("x", Kind.TOO_LARGE, 413),
        Unavailable("x"),
        BadRequest("x"),
        ProxyError("x"),
        ValueError("a bug"),
    ],
    ids=repr,
)
async def test_what_is_wrong_everywhere_is_not_tried_again(error: Exception) -> None:
    run = routed(error, said("ok"))
    assert error is await refused(run)
    assert TARGETS[:1] == tried(run)


async def test_each_failed_attempt_but_the_last_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    exchange = asking()
    await refused(routed(DOWN, UpstreamBroken("broken"), DOWN), exchange)
    lines = [record.__dict__ for record in caplog.records]
    assert {logging.WARNING} == {line["levelno"] for line in lines}
    assert [(line["target"], line["error"]) for line in lines] == [
        ("x:a", "down"),
        ("y:b", "broken"),
    ]
    assert {exchange.id} == {line["request_id"] for line in lines}


class Scripted(Backend[Any]):
    """Gives the events of its script, and counts what was closed."""

    def __init__(self, events: Sequence[Event]) -> None:
        super().__init__("scripted", self.Options(), Mock())
        self.events = events
        self.closed = 0

    async def send(self, exchange: Exchange, model: str) -> Reply:
        def close() -> None:
            self.closed += 1

        return Reply.of(Head("b", model), self.events).on_close(close)

    async def models(self) -> list[str]:
        return []


async def test_only_what_has_shown_nothing_is_given_up_and_then_closed() -> None:
    failure = Failure(UpstreamBroken("broke"))
    start = Start("id", "m", 1)
    backends = {
        "x": Scripted([start, failure]),
        "y": Scripted([start, TextDelta("begun"), failure]),
        "z": Scripted(said("never asked")),
    }
    dispatch = Run(Dispatch, backends=backends)
    exchange = asking(stream=True)
    reply = await routed().stage(exchange, dispatch)
    assert [start, TextDelta("begun"), failure] == [
        event async for batch in reply for event in batch
    ]
    assert [backend.closed for backend in backends.values()] == [1, 0, 0]
    assert [attempt.outcome for attempt in exchange.trace.attempts] == ["broke", "ok"]
    await reply.aclose()
    assert [backend.closed for backend in backends.values()] == [1, 1, 0]


def test_a_route_to_an_unknown_backend_is_a_problem_with_its_place() -> None:
    attempts = [{"backend": "local", "model": "a"}, {"backend": "opanai", "model": "b"}]
    options = FailoverOptions.model_validate({"routes": {"gpt": {"attempts": attempts}}})
    surroundings = Surroundings(frozenset({"local", "openai"}), production=False)
    message = 'no backend named "opanai"; did you mean "openai"?'
    expected = [(("routes", "gpt", "attempts", 1, "backend"), message)]
    assert expected == list(options.problems(surroundings))


@pytest.mark.parametrize(
    "options",
    [
        {"routes": {"m": {"attempts": []}}},
        {"routes": {"m": {"attempts": [{"backend": "x"}]}}},
        {"first_event_timeout": 0},
        {"max_tries": 0},
        {"on": {"overlaoded": "retry"}},
        {"on": {"overloaded": "again"}},
        {"hedging": {"percentile": 100}},
        {"policy": "best"},
    ],
)
def test_options_that_cannot_be_meant_are_refused(options: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        FailoverOptions.model_validate(options)


def test_it_tells_which_targets_are_left_alone() -> None:
    async def main() -> list[str]:
        farm = Farm({"a": UpstreamRateLimited("slow down", retry_after=7), "b": Turn()})
        exchanges = [asking(), asking()]
        for exchange in exchanges:
            await (await farm.ask(exchange)).aclose()
        return [decision for one in exchanges for _, decision in one.trace.decisions]

    assert played(main()) == ["ordered: x:a, x:b", "ordered: x:a (left alone for 7 s), x:b"]


async def test_a_tenants_request_is_tried_with_the_tenants_own_keys() -> None:
    view = View({"x": Keyed(("1", "2"))}, {}, Health(Clock()))  # type: ignore[dict-item]
    run = Run(
        Failover,
        {},
        [UpstreamRateLimited("x"), said("ok")],
        views={"acme": view},
        default_backend="x",
    )
    await run(replace(asking(), caller=Caller("c", "acme")))
    await run(replace(asking(), caller=Caller("c", "other")))
    keys = [exchange.target and exchange.target.key for exchange in run.seen]
    assert keys == ["1", "2", ""]
