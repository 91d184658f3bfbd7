"""Whatever text a command accepts can be stored and read again."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from llm_proxy.stages.commands.command import CommandError
from tests.unit.stages.commands.desks import desk, run, stored

ANY_TEXT = st.text(st.characters(exclude_categories=[]), max_size=30)
"""With halves of characters too, as JSON may bring them."""


@pytest.mark.parametrize(
    ("command", "before"),
    [
        ("model", ""),
        ("oneoff", "x:"),
        ("project", ""),
        ("project-dir", "/"),
        ("loop-detection", ""),
        ("route-append", ""),
        ("set", ""),
    ],
)
@settings(max_examples=30)
@given(given_=ANY_TEXT)
@example(given_="\ud800")
@example(given_="\0")
async def test_whatever_is_accepted_is_kept(command: str, before: str, given_: str) -> None:
    at = desk()
    text = f"{before}{given_}"
    try:
        if command == "set":
            await run(at, command, system_suffix=text)
        elif command == "route-append":
            await run(at, command, text, text)
        else:
            await run(at, command, text)
    except CommandError:
        return
    assert stored(at.state) == at.state
