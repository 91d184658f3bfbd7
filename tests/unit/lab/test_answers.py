"""A good answer, in the dialect that is asked."""

import orjson
import pytest

from llm_proxy.lab.answers import Asked, asked_of, models_of, pieces_by, text_by
from llm_proxy.lab.vendor import Received
from llm_proxy.pipeline.dialects import DIALECTS
from llm_proxy.pipeline.errors import BadRequest, Kind, UpstreamRefused
from llm_proxy.pipeline.events import Event, Failure, Finish, TextDelta
from llm_proxy.pipeline.trace import Target
from tests.unit.lab.asking import COUNTING, asked, received

dialects = pytest.mark.parametrize("dialect", list(DIALECTS))
both = pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])

HERE, THERE = Target("b", "gpt-4"), Target("b", "gpt-4o")


def read(dialect: str, body: bytes, *, stream: bool) -> list[Event]:
    if not stream:
        return DIALECTS[dialect].read_whole(body)
    reader = DIALECTS[dialect].read_stream()
    return [*reader.feed(body), *reader.close()]


def text_of(events: list[Event]) -> str:
    return "".join(event.text for event in events if isinstance(event, TextDelta))


@dialects
@both
def test_the_dialect_the_model_and_the_form_are_told_by_the_request(
    dialect: str,
    stream: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    found = asked_of("b", received(dialect, stream=stream, model="gpt-4"))
    assert found is not None
    assert Target("b", "gpt-4") == found.target
    assert dialect == found.dialect.name
    assert stream is found.request.stream


@dialects
@both
def test_it_names_who_was_asked(dialect: str, stream: bool) -> None:  # noqa: FBT001
    found = asked_of("b", received(dialect, stream=stream, model="gpt-4"))
    assert found is not None
    answer = found.good()
    events = read(dialect, answer.body, stream=stream)
    assert text_by(HERE) == text_of(events)
    assert [event.reason for event in events if isinstance(event, Finish)] == ["stop"]
    assert answer.content_type.startswith("text/event-stream" if stream else "application/json")


@dialects
def test_a_streamed_one_is_cut_where_its_text_is(dialect: str) -> None:
    answer = asked(dialect, stream=True).good()
    assert len(answer.spoken) == len(pieces_by(Target("b", "m")))
    reader = DIALECTS[dialect].read_stream()
    heard = [text_of(reader.feed(frame)) for frame in answer.spoken]
    assert heard == list(pieces_by(Target("b", "m")))


@dialects
def test_a_whole_one_is_cut_in_half_and_before_its_last_byte(dialect: str) -> None:
    answer = asked(dialect).good()
    assert orjson.loads(answer.body)
    assert len(answer.ending) == 1
    assert all(answer.spoken)


def test_no_beginning_of_one_is_that_of_another() -> None:
    first, *_ = pieces_by(HERE)
    assert first == "answered by b:gpt-4,"
    assert not text_by(THERE).startswith(first)
    assert not text_by(THERE).endswith(pieces_by(HERE)[-1])


@dialects
@both
def test_an_answer_without_text(dialect: str, stream: bool) -> None:  # noqa: FBT001
    answer = asked(dialect, stream=stream).without_text(Finish("content_filter"))
    events = read(dialect, answer.body, stream=stream)
    assert text_of(events) == ""
    assert [e.reason for e in events if isinstance(e, Finish)] == ["content_filter"]


@dialects
def test_an_error_in_its_place(dialect: str) -> None:
    error = UpstreamRefused("too busy", Kind.UNAVAILABLE, 503)
    last = read(dialect, asked(dialect, stream=True).error(error).body, stream=True)[-1]
    assert isinstance(last, Failure)
    assert (last.error.kind, last.error.message) == (Kind.UNAVAILABLE, "too busy")
    whole = DIALECTS[dialect].read_error(503, {}, asked(dialect).error(error).body)
    assert whole.message == "too busy"


@pytest.mark.parametrize("dialect", list(COUNTING))
def test_counting(dialect: str) -> None:
    path = COUNTING[dialect].format(model="m")
    found = asked_of("b", Received("POST", path, {}, received(dialect).body))
    assert found is not None
    body = found.good().body
    assert DIALECTS[dialect].read_count(body) == 1


@pytest.mark.parametrize(
    "request_",
    [
        Received("GET", "/0/v1/models", {}, b""),
        Received("GET", "/0/v1/chat/completions", {}, b""),
        Received("POST", "/0/v1/embeddings", {}, b"{}"),
    ],
)
def test_what_is_no_chat(request_: Received) -> None:
    assert asked_of("b", request_) is None


def test_what_is_no_request() -> None:
    with pytest.raises(BadRequest):
        asked_of("b", Received("POST", "/0/v1/chat/completions", {}, b"{"))


@pytest.mark.parametrize(
    ("dialect", "path", "headers"),
    [
        ("openai_chat", "/0/v1/models", {}),
        ("anthropic_messages", "/0/v1/models?limit=1000", {"anthropic-version": "1"}),
        ("gemini", "/0/v1/v1beta/models?pageSize=1000", {}),
    ],
)
def test_the_list_of_models(dialect: str, path: str, headers: dict[str, str]) -> None:
    body = models_of(Received("GET", path, headers, b""))
    assert DIALECTS[dialect].read_models(body) == ["lab"]


def test_an_asked_target_is_what_the_text_says() -> None:
    found = Asked(THERE, DIALECTS["openai_chat"], asked("openai_chat").request)
    assert text_by(THERE) == text_of(read("openai_chat", found.good().body, stream=False))
