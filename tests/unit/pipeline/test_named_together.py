"""Several models in one name."""

import re

import pytest

from llm_proxy.pipeline.named_together import named_together


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("gpt", ["gpt"]),
        (" gpt", [" gpt"]),
        ("", [""]),
        ("x:a|y:b", ["x:a", "y:b"]),
        ("x:a | y:b ", ["x:a", "y:b"]),
        ("a" * 512, ["a" * 512]),
        ("|".join("abcdefghijklmnop"), list("abcdefghijklmnop")),
    ],
)
def test_a_name_is_one_model_or_several(name: str, parts: list[str]) -> None:
    assert named_together(name) == parts


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("|", 'between two "|" there must be a model'),
        ("a||b", 'between two "|" there must be a model'),
        ("a| ", 'between two "|" there must be a model'),
        ("|".join("abcdefghijklmnopq"), 'more than 16 models with "|" between them'),
        ("a" * 513, "the name of the model is too long"),
        ("a|" + "b" * 513, "the name of the model is too long"),
    ],
)
def test_names_that_are_none(name: str, expected: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(expected)}$"):
        named_together(name)
