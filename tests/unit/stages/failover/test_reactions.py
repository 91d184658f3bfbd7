"""What is done about each failure, as the file's reference says it."""

import tomllib
from pathlib import Path

import pytest

from llm_proxy.pipeline.errors import Fault
from llm_proxy.stages.failover.options import FailoverOptions
from llm_proxy.stages.failover.reactions import DEFAULTS, LASTING

FILE = Path(__file__).parents[4] / "pipelines.toml"


def test_every_fault_has_a_reaction() -> None:
    assert set(DEFAULTS) == set(Fault)


def test_the_default_file_shows_them_all() -> None:
    with FILE.open("rb") as file:
        shown = tomllib.load(file)["stages"]["failover"]["on"]
    assert shown == {fault.value: reaction for fault, reaction in DEFAULTS.items()}


@pytest.mark.parametrize("fault", [Fault.BAD_REQUEST, Fault.CONTENT_FILTER])
def test_what_is_wrong_everywhere_is_told(fault: Fault) -> None:
    assert DEFAULTS[fault] == "tell"


def test_what_passes_is_not_lasting() -> None:
    assert not LASTING & {
        Fault.CONNECTION,
        Fault.DNS,
        Fault.TIMEOUT,
        Fault.CONFLICT,
        Fault.RATE_LIMITED,
        Fault.SERVER_ERROR,
        Fault.OVERLOADED,
        Fault.BROKEN_ANSWER,
        Fault.BUSY,
    }


def test_the_file_changes_one_and_leaves_the_others() -> None:
    options = FailoverOptions.model_validate({"on": {"overloaded": "retry"}})
    assert options.reaction(Fault.OVERLOADED) == "retry"
    assert options.reaction(Fault.TIMEOUT) == DEFAULTS[Fault.TIMEOUT]
