"""Questions about parsed JSON."""

import pytest

from llm_proxy.pipeline.json_values import is_list, is_object, object_or_empty, objects_in

ALL = [None, True, 1, "text", [1], {"a": 1}]


def test_only_an_object_is_an_object() -> None:
    assert [{"a": 1}] == [value for value in ALL if is_object(value)]


def test_only_a_list_is_a_list() -> None:
    assert [[1]] == [value for value in ALL if is_list(value)]


@pytest.mark.parametrize("value", ALL)
def test_anything_else_than_an_object_is_an_empty_one(value: object) -> None:
    assert ({"a": 1} if value == {"a": 1} else {}) == object_or_empty(value)


@pytest.mark.parametrize(
    ("value", "objects"),
    [(None, []), ("ab", []), ({"a": 1}, []), ([], []), ([{}, 1, None, {"a": 1}], [{}, {"a": 1}])],
)
def test_the_objects_in_a_list(value: object, objects: list[object]) -> None:
    assert objects == objects_in(value)
