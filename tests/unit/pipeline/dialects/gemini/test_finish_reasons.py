import json
from typing import Any

import pytest

from llm_proxy.pipeline.dialects.gemini.read_answer import read_whole
from llm_proxy.pipeline.errors import UpstreamBroken
from llm_proxy.pipeline.events import (
    Event,
    Failure,
    Finish,
)
from tests.unit.pipeline.dialects.gemini.bodies import bare, chunk, data, streamed


def whole(answer: object) -> list[Event]:
    return bare(read_whole(json.dumps(answer).encode(), "g"))


@pytest.mark.parametrize(
    ("told", "known"),
    [
        ("STOP", "stop"),
        ("MAX_TOKENS", "length"),
        ("SAFETY", "content_filter"),
        ("RECITATION", "content_filter"),
        ("IMAGE_SAFETY", "content_filter"),
        ("SPII", "content_filter"),
        ("OTHER", "stop"),
        ("MALFORMED_FUNCTION_CALL", "stop"),
        ("OF_ANOTHER_YEAR", "stop"),
    ],
)
def test_reasons_to_stop(told: str, known: Any) -> None:
    answer = chunk({"text": "a"}, reason=told)
    assert Finish(known) in whole(answer)
    assert Finish(known) in bare(streamed([data(answer)]))


@pytest.mark.parametrize("told", ["OTHER", "MALFORMED_FUNCTION_CALL", "NO_IMAGE"])
def test_going_astray_without_an_answer_is_a_failure(told: str) -> None:
    answer = chunk({"text": "hm", "thought": True}, reason=told)
    with pytest.raises(UpstreamBroken, match=told):
        whole(answer)
    assert isinstance(streamed([data(answer)])[-1], Failure)
