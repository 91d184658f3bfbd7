"""What is remembered of a conversation."""

from dataclasses import fields

import pytest
from pydantic import TypeAdapter

from llm_proxy.pipeline.session_state import NOTHING, Account, LastRequest, SessionState, Totals

FULL = SessionState(
    model="x:a",
    backend="y",
    oneoff="x:b",
    params={"temperature": 0.5, "seed": 7, "reasoning_effort": "low"},
    system_suffix="Be brief.\nBe kind.",
    routes={"m": ("x:a", "y:b"), "o": ()},
    loop_detection="off",
    project="p",
    project_dir="/srv",
)
ACCOUNT = Account(
    Totals(5, 1, 1200, 340, 1000, 40),
    LastRequest("r", "m", "ok", 0.5, (("s", 0.1, ("a",)),), (("x:a", "ok", 0.2),), ("w",)),
)


@pytest.mark.parametrize("value", [NOTHING, FULL, Account(), ACCOUNT])
def test_it_can_be_stored_and_read_again(value: SessionState | Account) -> None:
    adapter = TypeAdapter[SessionState | Account](type(value))
    assert adapter.validate_json(adapter.dump_json(value)) == value


def test_nothing_is_set_in_the_beginning() -> None:
    assert not [field.name for field in fields(NOTHING) if getattr(NOTHING, field.name)]
    assert not [field.name for field in fields(FULL) if not getattr(FULL, field.name)]


def test_nothing_has_come_to_anything_in_the_beginning() -> None:
    assert Account() == Account(Totals(0, 0, 0, 0, 0, 0), None)
