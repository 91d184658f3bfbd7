"""Names in which `*` stands for anything."""

import pytest

from llm_proxy.pipeline.wildcards import fits


@pytest.mark.parametrize(
    ("name", "pattern", "expected"),
    [
        ("gpt-4o", "gpt-4o", True),
        ("gpt-4o", "gpt-*", True),
        ("gpt-4o", "*", True),
        ("gpt-4o", "g*4*", True),
        ("gpt-4o", "gpt", False),
        ("gpt-4o", "gpt-?o", False),
        ("sonnet[1m]", "sonnet[1m]", True),
        ("sonnet1", "sonnet[1m]", False),
        ("a\nb", "a*", True),
        ("gpt-4\n", "gpt-4", False),
        ("", "*", True),
    ],
)
def test_a_name_fits(name: str, pattern: str, *, expected: bool) -> None:
    assert fits(name, pattern) is expected
