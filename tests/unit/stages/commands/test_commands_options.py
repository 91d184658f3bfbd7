"""What `llm-proxy check` says of the options of `commands`."""

from collections.abc import Callable
from pathlib import Path

import pytest

from llm_proxy.load import read_plan
from llm_proxy.pipeline.errors import ConfigError

FILE = """[pipelines.default]
stages = ["auth", "session", "commands", "dispatch"]
[stages.commands]
{}
"""
Write = Callable[[str], Path]


@pytest.mark.parametrize(
    ("options", "place", "message"),
    [
        (
            'denied = { "key-1*" = ["set", "modle"] }',
            'denied."key-1*"[1]',
            'no command named "modle"; did you mean "model"?',
        ),
        (
            'denied = { "*" = "help, xyzzy" }',
            'denied."*"[1]',
            'no command named "xyzzy"',
        ),
        (
            'denied = { "*" = ["!/set"] }',
            'denied."*"[0]',
            'no command named "!/set"; did you mean "set"?',
        ),
        ('denied = ["set"]', "denied", "Input should be a valid dictionary"),
        ('denied = { "*" = 7 }', 'denied."*"', "Input should be a valid tuple"),
        ('disabled = ["hepl"]', "disabled[0]", 'no command named "hepl"; did you mean "help"?'),
        ('disabled = ["*"]', "disabled[0]", 'no command named "*"'),
        (
            'more = ["no_such_module:X"]',
            "more[0]",
            'the command "no_such_module:X" cannot be loaded: ',
        ),
        ('prefix = "> "', "prefix", "must be printable, without blanks, and not begin with > "),
        ('prefix = ""', "prefix", "String should have at least 1 character"),
        ('prefixx = "$"', "prefixx", 'unknown key; did you mean "prefix"?'),
    ],
)
def test_a_mistake_is_told_with_its_place(
    toml: Write, options: str, place: str, message: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        read_plan(toml(FILE.format(options)), {})
    [problem] = caught.value.problems
    assert problem.partition("pipelines.toml:")[2].startswith(
        f"4: stages.commands.{place}: {message}"
    )


def test_every_mistake_is_told_at_once(toml: Write) -> None:
    options = 'disabled = ["hepl"]\ndenied = { "*" = ["*", "modle"], "key-1" = ["stauts"] }'
    with pytest.raises(ConfigError) as caught:
        read_plan(toml(FILE.format(options)), {})
    assert len(caught.value.problems) == 3


@pytest.mark.parametrize(
    "options",
    [
        'disabled = "set, unset"',
        # Callers are named by whatever stage lets them in, so any pattern may be one's.
        'denied = { "nobody-we-know" = ["*"], "key-[0-9]*" = "set", "" = [] }',
        'prefix = "$"',
    ],
)
def test_what_is_right(toml: Write, options: str) -> None:
    [plan] = read_plan(toml(FILE.format(options)), {}).pipelines
    assert "commands" in str(plan)
