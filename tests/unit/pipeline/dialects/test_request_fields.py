from typing import Any

import pytest

from llm_proxy.pipeline.dialects.request_fields import (
    check_numbers,
    flag,
    list_at,
    model_name,
    object_at,
    parsed_body,
    text_at,
)
from llm_proxy.pipeline.errors import BadRequest


def refusal(function: Any, *args: Any) -> tuple[str | None, str]:
    with pytest.raises(BadRequest) as raised:
        function(*args)
    return raised.value.param, raised.value.message


def test_a_body_is_an_object() -> None:
    assert {"a": 1} == parsed_body(b' {"a":1}')
    assert (None, "the request's body must be an object") == refusal(parsed_body, b"[]")
    assert "not valid JSON" in refusal(parsed_body, b"{")[1]


def test_the_model() -> None:
    assert "m" * 512 == model_name("m" * 512)
    assert ("model", "model is longer than 512 characters") == refusal(model_name, "m" * 513)


@pytest.mark.parametrize("value", ["", None, 5, ["m"]])
def test_what_is_no_model(value: object) -> None:
    assert ("model", "model must be a non-empty string") == refusal(model_name, value)


@pytest.mark.parametrize(
    ("function", "good", "bad", "kind"),
    [
        (object_at, {"a": 1}, [], "an object"),
        (list_at, [1], {}, "a list"),
        (text_at, "a", None, "a string"),
    ],
)
def test_a_value_of_one_kind(function: Any, good: object, bad: object, kind: str) -> None:
    assert good is function(good, "a.b")
    assert ("a.b", f"a.b must be {kind}") == refusal(function, bad, "a.b")


def test_a_flag() -> None:
    assert [True, False, False] == [flag({"a": it}, "a") for it in (True, False, None)]
    assert False is flag({}, "a")
    assert ("a", "a must be true or false") == refusal(flag, {"a": 1}, "a")


@pytest.mark.parametrize("fields", [{}, {"a": 1, "b": 2}, {"a": 1.5, "b": 2.0}, {"a": None}])
def test_numbers(fields: dict[str, object]) -> None:
    check_numbers(fields, ["a"], ["b"])


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"a": "1"}, ("a", "a must be a number")),
        ({"a": True}, ("a", "a must be a number")),
        ({"b": 1.5}, ("b", "b must be a whole number")),
        ({"b": False}, ("b", "b must be a whole number")),
        ({"b": [1]}, ("b", "b must be a whole number")),
    ],
)
def test_what_is_no_number(fields: dict[str, object], expected: object) -> None:
    assert expected == refusal(check_numbers, fields, ["a"], ["b"])
