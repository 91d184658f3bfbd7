"""What is said of a command that there is none of."""

import pytest

from llm_proxy.stages.commands.unknown import unknown_command


@pytest.mark.parametrize(
    ("name", "known", "expected"),
    [
        ("modle", ("help", "model"), "unknown command !/modle, did you mean !/model?"),
        ("xyzzy", ("help", "model"), "unknown command !/xyzzy; !/help lists them"),
        ("xyzzy", ("model",), "unknown command !/xyzzy"),
        ("modle", (), "unknown command !/modle"),
    ],
)
def test_it_tells_what_may_have_been_meant(name: str, known: tuple[str], expected: str) -> None:
    assert unknown_command(name, known, "!/") == expected


def test_it_speaks_of_commands_as_they_are_written_here() -> None:
    assert unknown_command("helo", ["hello"], "$") == "unknown command $helo, did you mean $hello?"
