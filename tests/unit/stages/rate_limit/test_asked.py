"""What a request is for, as far as limits go."""

from typing import Any

import pytest

from llm_proxy.pipeline.events import Usage
from llm_proxy.pipeline.exchange import Caller
from llm_proxy.pipeline.trace import Target
from llm_proxy.stages.rate_limit.asked import Per, expected
from tests.support.stages import asking
from tests.unit.stages.rate_limit.asking import asked

TENANT = Caller("key-1", "acme")


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        ("openai:gpt-5", ["openai:gpt-5"]),
        ("gpt-5", ["local:gpt-5"]),
        ("best", ["openai:gpt-5", "gemini:pro"]),
        ("best|echo", ["openai:gpt-5", "gemini:pro", "local:echo"]),
        ("a||b", ["local:a||b"]),
    ],
)
def test_where_a_request_may_go(model: str, expected: list[str]) -> None:
    assert expected == [str(target) for target in asked(model).targets]


def test_what_has_been_chosen_is_where_it_goes() -> None:
    chosen = Target("gemini", "pro", key="2")
    one = asked("best", target=chosen)
    assert [chosen] == list(one.targets)
    assert ("gemini", "gemini:pro") == (one.subject("backend"), one.subject("model"))


@pytest.mark.parametrize(
    ("per", "model", "caller", "expected"),
    [
        ("key", "gpt-5", TENANT, "key-1"),
        ("key", "gpt-5", None, "anonymous"),
        ("tenant", "gpt-5", TENANT, "tenant:acme"),
        ("tenant", "gpt-5", Caller("acme"), "key:acme"),
        ("all", "gpt-5", TENANT, ""),
        ("model", "gpt-5", TENANT, "local:gpt-5"),
        ("model", "only", TENANT, "openai:gpt-5"),
        ("backend", "openai:gpt-5", TENANT, "openai"),
        ("model", "best", TENANT, None),
        ("backend", "best", TENANT, None),
    ],
)
def test_whose_limit_counts(
    per: Per, model: str, caller: Caller | None, expected: str | None
) -> None:
    assert expected == asked(model, caller).subject(per)


@pytest.mark.parametrize(
    ("fields", "output"),
    [
        ({}, 1000),
        ({"max_tokens": 7}, 7),
        ({"max_tokens": 7, "n": 3}, 21),
        ({"n": 2}, 2000),
        ({"max_tokens": None, "n": 0}, 1000),
        ({"max_tokens": "7"}, 1000),
    ],
)
def test_all_that_it_may_be_answered_is_expected(fields: dict[str, Any], output: int) -> None:
    request = asking("x" * 400, params=fields).request
    assert Usage(104, output) == expected(request, 1000)
