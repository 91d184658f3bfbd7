"""What a client makes of each way in which an answer can end."""

from collections.abc import Sequence

import pytest

from llm_proxy.lab import client
from llm_proxy.lab.answers import Answer
from llm_proxy.lab.client import Ending, Seen, ask
from llm_proxy.lab.routes import Route
from llm_proxy.lab.vendor import Play, Vendor, hangs, resets, streamed, whole
from llm_proxy.pipeline.dialects import DIALECTS
from llm_proxy.pipeline.errors import Kind, UpstreamRefused
from llm_proxy.pipeline.trace import Target
from tests.unit.lab.asking import asked

SERVED = {
    "openai_chat": "/x/v1/chat/completions",
    "openai_responses": "/v1/responses",
    "anthropic_messages": "/v1/messages",
    "gemini": "/v1beta",
}
TARGET = Target("b", "m")

dialects = pytest.mark.parametrize("dialect", list(SERVED))
both = pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])


def good(dialect: str, *, stream: bool) -> Answer:
    return asked(dialect, stream=stream).good()


async def seen(dialect: str, play: Play, *, stream: bool) -> tuple[Seen, Vendor]:
    """What a client sees of a server that plays this."""
    route = Route(SERVED[dialect], "a/b:c d", (TARGET,))
    async with Vendor([play]) as server:
        base = f"http://127.0.0.1:{server.port}"
        return await ask(base, route, "lab-1", stream=stream), server


@dialects
@both
async def test_a_good_answer(dialect: str, stream: bool) -> None:  # noqa: FBT001
    answer = good(dialect, stream=stream)
    headers = {"x_llm_proxy_attempts": "2", "x_llm_proxy_backend": "b", "x_llm_proxy_model": "m"}
    play = whole(answer.body, content_type=answer.content_type, **headers)
    found, server = await seen(dialect, play, stream=stream)
    assert (found.ending, found.status, found.error) == ("well", 200, None)
    assert (found.finish, found.tries, found.target) == ("stop", 2, TARGET)
    assert found.text.startswith("answered by b:m,")
    (request,) = server.requests
    assert request.headers["x-request-id"] == "lab-1"


@pytest.mark.parametrize(
    ("dialect", "stream", "path"),
    [
        ("openai_chat", False, "/x/v1/chat/completions"),
        ("anthropic_messages", True, "/v1/messages"),
        ("gemini", False, "/v1beta/models/a/b%3Ac%20d:generateContent"),
        ("gemini", True, "/v1beta/models/a/b%3Ac%20d:streamGenerateContent?alt=sse"),
    ],
)
async def test_what_it_asks(
    dialect: str,
    stream: bool,  # noqa: FBT001 - a parameter of the test
    path: str,
) -> None:
    _, server = await seen(dialect, whole(b""), stream=stream)
    (request,) = server.requests
    assert (request.method, request.path) == ("POST", path)
    question = DIALECTS[dialect].read_request(request.body, model="a/b:c d", stream=stream)
    assert (question.model, question.stream) == ("a/b:c d", stream)
    assert question.messages[-1].text == "Who answers?"


@dialects
@both
async def test_an_error_as_a_status(dialect: str, stream: bool) -> None:  # noqa: FBT001
    error = UpstreamRefused("too busy", Kind.UNAVAILABLE, 503)
    play = whole(DIALECTS[dialect].write_error(error, "1").body, 503, retry_after="7")
    found, _ = await seen(dialect, play, stream=stream)
    assert (found.ending, found.status, found.text) == ("error", 503, "")
    assert found.headers["Retry-After"] == "7"
    assert found.error is not None
    assert found.error.message == "too busy"
    assert found.tries == 0


@dialects
async def test_an_error_in_the_stream(dialect: str) -> None:
    begun = good(dialect, stream=True).spoken[0]
    error = asked(dialect, stream=True).error(UpstreamRefused("gone", Kind.UNAVAILABLE, 503)).body
    found, _ = await seen(dialect, streamed([begun, error]), stream=True)
    assert (found.ending, found.status, found.text) == ("error", 200, "answered by b:m,")
    assert str(found.error) == "gone"


@dialects
@pytest.mark.parametrize(
    ("ends", "ending"), [("well", "unfinished"), ("cut", "broken"), ("stalls", "late")]
)
async def test_a_stream_without_its_end(
    monkeypatch: pytest.MonkeyPatch, dialect: str, ends: str, ending: Ending
) -> None:
    monkeypatch.setattr(client, "PATIENCE", 0.1)
    begun = good(dialect, stream=True).spoken[:1]
    found, _ = await seen(dialect, streamed(begun, ends=ends), stream=True)
    assert (found.ending, found.status, found.text) == (ending, 200, "answered by b:m,")


@dialects
@pytest.mark.parametrize("body", [b"", b"<html>", b'{"error": {"message": "no"}}'])
async def test_a_whole_answer_that_is_none(dialect: str, body: bytes) -> None:
    found, _ = await seen(dialect, whole(body), stream=False)
    assert (found.ending, found.status, found.text) == ("garbled", 200, "")


@both
@pytest.mark.parametrize(("plays", "ending"), [([resets], "broken"), ([hangs], "late")])
async def test_no_answer_at_all(
    monkeypatch: pytest.MonkeyPatch,
    stream: bool,  # noqa: FBT001 - a parameter of the test
    plays: Sequence[Play],
    ending: Ending,
) -> None:
    monkeypatch.setattr(client, "PATIENCE", 0.1)
    found, _ = await seen("openai_chat", plays[0], stream=stream)
    assert Seen(ending) == found
    assert (found.tries, found.target) == (0, Target("?", "?"))
