import orjson
import pytest

from llm_proxy.pipeline.dialects import DIALECTS
from llm_proxy.pipeline.errors import RateLimited, UpstreamBroken
from llm_proxy.pipeline.events import Failure, TextDelta
from llm_proxy.pipeline.reply import Head, Reply
from llm_proxy.pipeline.trace import Attempt, Target, Trace
from llm_proxy.web.answers import error_response, send_whole
from tests.support.stages import asking, said

DIALECT = DIALECTS["openai_chat"]


async def test_a_whole_answer_with_what_is_known_of_it() -> None:
    exchange = asking()
    exchange.trace.stages += [("dispatch", 0.002), ("my stage", 0.001)]
    exchange.trace.attempts.append(Attempt(Target("b", "m"), "ok", 0.1))
    exchange.trace.warnings += ["one", "two\nlines"]
    exchange.trace.headers |= {"x-own": "a\nb", "x-request-id": "not this"}

    response = await send_whole(Reply.of(Head("b", "m\u00e9"), said("hi")), exchange, DIALECT)

    assert orjson.loads(response.body)["choices"][0]["message"]["content"] == "hi"  # type: ignore[arg-type]
    assert dict(response.headers) == {
        "x-request-id": exchange.id,
        "x-own": "a?b",
        "x-llm-proxy-attempts": "1",
        "Server-Timing": "my-stage;dur=1.000, dispatch;dur=2.000",
        "x-llm-proxy-warnings": "one; two?lines",
        "x-llm-proxy-backend": "b",
        "x-llm-proxy-model": "m?",
        "Content-Type": "application/json",
    }


async def test_a_whole_answer_that_breaks_is_an_error() -> None:
    broken = [TextDelta("hi"), Failure(UpstreamBroken("torn"))]
    with pytest.raises(UpstreamBroken, match="torn"):
        await send_whole(Reply.of(Head("b", "m"), broken), asking(), DIALECT)


def test_an_error_in_the_callers_dialect() -> None:
    response = error_response(
        RateLimited("slow down", limit=5, retry_after=2.1, reset=9), DIALECT, "id", Trace()
    )

    assert response.status == 429
    assert response.headers["Retry-After"] == "3"
    assert response.headers["x-request-id"] == "id"
    assert orjson.loads(response.body)["error"]["message"] == "slow down"  # type: ignore[arg-type]
