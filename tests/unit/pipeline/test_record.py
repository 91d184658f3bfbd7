"""Records are values: alike, hashed and copied by their fields."""

from dataclasses import field, replace

import pytest

from llm_proxy.pipeline.record import record


@record
class Point:
    x: int
    y: int = 0
    tags: list[str] = field(default_factory=list[str], compare=False)


def test_equal_fields_make_equal_records() -> None:
    assert Point(1) == Point(1, 0) != Point(2)
    assert {Point(1), Point(1)} == {Point(1)}


def test_a_copy_changes_what_it_is_told_and_leaves_the_original() -> None:
    one = Point(1, 2)
    assert (replace(one, y=3), one) == (Point(1, 3), Point(1, 2))


def test_a_default_that_is_made_is_not_shared() -> None:
    assert Point(1).tags is not Point(1).tags


def test_there_are_no_other_fields() -> None:
    with pytest.raises(AttributeError):
        setattr(Point(1), "z", 1)  # noqa: B010 - type checkers would not have it otherwise
