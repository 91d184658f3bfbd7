import pytest

from llm_proxy.pipeline.dialects.anthropic_messages.stop_reasons import read_finish, written_finish
from llm_proxy.pipeline.events import Finish


@pytest.mark.parametrize(
    "word",
    [
        "end_turn",
        "max_tokens",
        "tool_use",
        "pause_turn",
        "refusal",
        "model_context_window_exceeded",
    ],
)
def test_there_and_back(word: str) -> None:
    finish = read_finish({"stop_reason": word}, None, has_calls=False)
    assert {"stop_reason": word, "stop_sequence": None} == written_finish(finish, was_refused=False)


def test_a_stop_sequence_there_and_back() -> None:
    told = {"stop_reason": "stop_sequence", "stop_sequence": "X"}
    assert told == written_finish(read_finish(told, None, has_calls=False), was_refused=False)


def test_what_is_not_known_is_a_natural_end() -> None:
    for word in (None, "", 1, ["x"], "of_tomorrow"):
        assert Finish("stop") == read_finish({"stop_reason": word}, None, has_calls=False)


def test_calls_and_refusals_win_over_a_natural_end() -> None:
    told = {"stop_reason": "end_turn"}
    assert Finish("tool_calls") == read_finish(told, None, has_calls=True)
    assert "refusal" == written_finish(Finish("stop"), was_refused=True)["stop_reason"]
    assert "max_tokens" == written_finish(Finish("length"), was_refused=True)["stop_reason"]
