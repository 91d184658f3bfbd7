"""Which limits count for a request."""

import pytest

from llm_proxy.pipeline.exchange import Caller
from llm_proxy.pipeline.grants import LimitOf
from llm_proxy.stages.rate_limit.rules import Rule, plain, with_own
from tests.unit.stages.rate_limit.asking import asked

TENANT = Caller("key-1", "acme")


@pytest.mark.parametrize(
    ("models", "model", "expected"),
    [
        ((), "anything", True),
        (("gpt-*",), "openai:gpt-5", True),
        (("openai:gpt-*",), "openai:gpt-5", True),
        (("openai:*",), "best", True),
        (("best",), "best", True),
        (("pro", "o3"), "best", True),
        (("o3",), "best", False),
        (("gpt-*",), "GPT-5", False),
    ],
)
def test_only_some_models_are_counted(
    models: tuple[str, ...], model: str, *, expected: bool
) -> None:
    rule = Rule("tokens", "key", 5, 60, models)
    assert expected == (rule.key(asked(model)) is not None)


def test_each_limit_has_a_key_of_its_own() -> None:
    rules = [
        Rule("tokens", "key", 5, 60),
        Rule("money", "key", 5, 60),
        Rule("tokens", "tenant", 5, 60),
        Rule("tokens", "all", 5, 60),
        Rule("tokens", "key", 5, 60, ("gpt-*",)),
        Rule("tokens", "key", 5, 60, ("gpt-5",)),
    ]
    keys = {rule.key(asked("gpt-5", TENANT)) for rule in rules}
    assert (len(rules), False) == (len(keys), None in keys)


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        (Rule("requests", "key", 5, 60), True),
        (Rule("requests", "tenant", 5, 60), True),
        (Rule("in_flight", "all", 5, 0), True),
        (Rule("requests", "model", 5, 60), False),
        (Rule("requests", "backend", 5, 60), False),
        (Rule("requests", "key", 5, 60, ("gpt-*",)), False),
        (Rule("tokens", "key", 5, 60), False),
        (Rule("money", "key", 5, 60), False),
    ],
)
def test_whether_each_request_of_a_caller_takes_the_same(rule: Rule, *, expected: bool) -> None:
    assert expected == rule.is_steady


def test_a_key_is_short_whatever_clients_call_their_models() -> None:
    rule = Rule("tokens", "model", 5, 60)
    long, longer = rule.key(asked("m" * 5000)), rule.key(asked("m" * 5001))
    assert long is not None
    assert (True, True) == (len(long) < 300, long != longer)


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        (Rule("requests", "key", 60, 60), "60 requests in 60 s"),
        (Rule("tokens", "tenant", 1_000_000, 86400), "1000000 tokens per tenant in 86400 s"),
        (Rule("money", "all", 2.5, 3600), "2.5 US dollars of all in 3600 s"),
        (
            Rule("in_flight", "backend", 4, 0, ("gpt-*", "o3")),
            "4 requests at once per backend for gpt-*, o3",
        ),
    ],
)
def test_a_limit_is_told_in_words(rule: Rule, expected: str) -> None:
    assert expected == rule.text


@pytest.mark.parametrize(
    ("number", "expected"), [(3, "3"), (3.0, "3"), (1e7, "10000000"), (0.12344, "0.1234")]
)
def test_numbers_as_people_write_them(number: float, expected: str) -> None:
    assert expected == plain(number)


def test_a_callers_own_limits_take_the_place_of_the_same_ones_for_all() -> None:
    requests, tokens = Rule("requests", "key", 60, 60), Rule("tokens", "key", 5, 60)
    of_tenant = Rule("requests", "tenant", 60, 60)
    of_model = Rule("requests", "key", 9, 60, ("gpt-*",))
    rules = [requests, tokens, of_tenant, of_model]
    own = [LimitOf("requests", 5, 10), LimitOf("money", 1, 60, per="tenant")]
    expected = [
        tokens,
        of_tenant,
        of_model,
        Rule("requests", "key", 5, 10),
        Rule("money", "tenant", 1, 60),
    ]
    assert expected == with_own(rules, own)
    assert rules == with_own(rules, ())


def test_the_same_limit_counts_once() -> None:
    twice = [LimitOf("requests", 5, 10), LimitOf("requests", 5, 10)]
    assert [Rule("requests", "key", 5, 10)] == with_own([], twice)
