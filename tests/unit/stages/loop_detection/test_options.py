"""The options, and what a session makes of them."""

from dataclasses import replace
from typing import Any

import pytest
from pydantic import ValidationError

from llm_proxy.pipeline.session_state import SessionState
from llm_proxy.stages.loop_detection.options import LoopDetectionOptions, TurnsOptions
from llm_proxy.stages.loop_detection.thresholds import Thresholds
from tests.support.sessions import Kept
from tests.support.stages import asking


@pytest.mark.parametrize(
    ("enabled", "wish", "expected"),
    [
        (True, None, "warn"),
        (True, "off", None),
        (True, "on", "warn"),
        (True, "retry", "retry"),
        (True, "nonsense", "warn"),
        (False, None, None),
        (False, "off", None),
        (False, "on", "warn"),
        (False, "stop", "stop"),
    ],
)
def test_a_session_may_choose(enabled: bool, wish: str | None, expected: str | None) -> None:  # noqa: FBT001 - a parameter of the test
    options = LoopDetectionOptions(enabled=enabled, action="warn")
    session = Kept(SessionState(loop_detection=wish)).session
    assert expected == options.action_for(replace(asking(), session=session))


def test_without_a_session_the_file_counts() -> None:
    assert LoopDetectionOptions().action_for(asking()) == "stop"


def test_the_thresholds() -> None:
    assert LoopDetectionOptions().thresholds == Thresholds()
    options = LoopDetectionOptions(min_rounds=5, min_length=1000)
    assert options.thresholds == Thresholds(5, 1000)


def test_exempt_tools() -> None:
    options = TurnsOptions.model_validate({"exempt": "wait, *_status, a.b"})
    assert [options.is_exempt(tool) for tool in ("wait", "job_status", "a.b")] == [True] * 3
    assert [options.is_exempt(tool) for tool in ("waits", "status", "axb")] == [False] * 3


@pytest.mark.parametrize(
    "options",
    [
        {"min_rounds": 1},
        {"min_length": 99},
        {"action": "panic"},
        {"window": 8192},
        {"turns": {"mode": "panic"}},
        {"turns": {"same_call": 1}},
        {"turns": {"window": 0}},
        {"turns": {"unknown": 1}},
    ],
)
def test_options_that_would_stop_honest_answers_are_refused(options: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        LoopDetectionOptions.model_validate(options)
