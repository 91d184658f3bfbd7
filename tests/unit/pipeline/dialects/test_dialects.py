import pytest

from llm_proxy.pipeline.dialects import (
    DIALECTS,
    SERVED_BY,
    dialect_of_path,
    not_yet_served,
    unserved_path,
)
from llm_proxy.pipeline.dialects.dialect import ModelEntry
from llm_proxy.pipeline.dialects.openai_chat import OpenAIChat
from llm_proxy.pipeline.dialects.openai_chat.read_answer import ChunkReader
from llm_proxy.pipeline.errors import NotFound
from llm_proxy.pipeline.events import End, Finish, Start, TextDelta, Usage

REQUEST = b'{"model":"m","messages":[{"role":"user","content":"hi"}],"stream":true}'


def test_every_served_path_names_a_dialect_that_exists() -> None:
    assert set(SERVED_BY.values()) == set(DIALECTS.values())
    assert list(DIALECTS) == [dialect.name for dialect in DIALECTS.values()]


@pytest.mark.parametrize(
    "path", ["/v1/chat/completions", "/chat/completions", "/team-a/v1/chat/completions"]
)
def test_the_end_of_a_path_tells_its_dialect(path: str) -> None:
    assert DIALECTS["openai_chat"] is dialect_of_path(path)
    assert None is unserved_path(path)


@pytest.mark.parametrize("path", ["/v1/responses", "/v1/messages", "/v1beta"])
def test_paths_of_dialects_to_come_may_be_named_but_have_no_dialect(path: str) -> None:
    assert None is dialect_of_path(path)
    assert not_yet_served(path)
    assert None is unserved_path(path)


@pytest.mark.parametrize("path", ["/v1/completions", "/v1/chat/completions/", "/"])
def test_any_other_path_is_explained(path: str) -> None:
    endings = "/chat/completions, /responses, /messages, /v1beta"
    expected = f'no dialect is spoken at "{path}": a path ends in one of {endings}'
    assert not not_yet_served(path)
    assert expected == unserved_path(path)


def test_a_path_begins_with_a_slash() -> None:
    expected = '"v1/chat/completions" is not a path: it must begin with "/"'
    assert expected == unserved_path("v1/chat/completions")


def test_a_request_is_read_and_written_through_the_dialect() -> None:
    request = OpenAIChat().read_request(REQUEST)
    assert REQUEST == OpenAIChat().write_request(request, "m", stream_usage=False)


def test_a_stream_is_written_with_usage_for_whom_asked() -> None:
    request = OpenAIChat().read_request(REQUEST)
    assert b"" == OpenAIChat().write_stream(request).write([Usage(1, 2)])
    asked = REQUEST.replace(
        b'"stream":true', b'"stream":true,"stream_options":{"include_usage":true}'
    )
    writer = OpenAIChat().write_stream(OpenAIChat().read_request(asked))
    assert b'"prompt_tokens":1' in writer.write([Usage(1, 2)])


def test_answers_are_read_and_written_through_the_dialect() -> None:
    events = [Start("1", "m", 5), TextDelta("hi"), Finish("stop"), End()]
    body = OpenAIChat().write_whole(events)
    texts = [e.text for e in OpenAIChat().read_whole(body) if isinstance(e, TextDelta)]
    assert ["hi"] == texts


def test_each_stream_has_its_own_reader() -> None:
    readers = [OpenAIChat().read_stream(), OpenAIChat().read_stream()]
    assert [ChunkReader, ChunkReader] == [type(reader) for reader in readers]
    readers[0].feed(b"data: [DONE]\n\n")
    assert [True, False] == [reader.ended for reader in readers]


def test_errors_and_models_through_the_dialect() -> None:
    dialect = OpenAIChat()
    assert 404 == dialect.write_error(NotFound("gone")).status
    assert 503 == dialect.read_error(529, {}, b"").status
    assert ["a"] == dialect.read_models(dialect.write_models([ModelEntry("a", "b")]))
    assert b'"id":"a"' in dialect.write_model(ModelEntry("a", "b"))
