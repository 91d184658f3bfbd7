"""The same question once more."""

from llm_proxy.pipeline.avoided import AVOIDED
from llm_proxy.pipeline.parts import Text
from llm_proxy.pipeline.reply import Head
from llm_proxy.pipeline.request import Message
from llm_proxy.pipeline.trace import Target
from llm_proxy.stages.loop_detection.again import HINT, again
from tests.support.stages import asking

HEAD = Head("b", "m")


def test_failover_goes_elsewhere() -> None:
    exchange = asking()
    once = again(exchange, "failover", HEAD)
    twice = again(once, "failover", Head("c", "n"))
    assert once.fact(AVOIDED) == {Target("b", "m")}
    assert twice.fact(AVOIDED) == {Target("b", "m"), Target("c", "n")}
    assert once.request is exchange.request


def test_a_temperature_that_was_set_is_raised() -> None:
    for before, after in ((0, 0.3), (0.5, 0.8), (0.9, 1.0)):
        request = again(asking(params={"temperature": before}), "retry", HEAD).request
        assert request.params["temperature"] == after
        assert request.messages == asking().request.messages


def test_else_the_model_is_given_a_hint() -> None:
    for params in ({}, {"temperature": 1.0}, {"temperature": None}):
        exchange = asking(params=params)
        request = again(exchange, "retry", HEAD).request
        hint = Message("system", (Text(HINT),))
        assert request.messages == [hint, *exchange.request.messages]
        assert request.params == params


def test_the_hint_stands_behind_the_clients_own_instructions() -> None:
    told = Message("developer", (Text("Be brief."),))
    asked = Message("user", (Text("hi"),))
    first, second = again(asking(messages=(told, asked)), "retry", HEAD).request.messages
    assert first.parts == (Text(f"Be brief.\n\n{HINT}"),)
    assert second is asked
