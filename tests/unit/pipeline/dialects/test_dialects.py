from llm_proxy.pipeline.dialects import DIALECTS
from llm_proxy.pipeline.dialects.dialect import ModelEntry, Recipient
from llm_proxy.pipeline.dialects.openai_chat import OpenAIChat
from llm_proxy.pipeline.dialects.openai_chat.read_answer import ChunkReader
from llm_proxy.pipeline.errors import NotFound
from llm_proxy.pipeline.events import End, Finish, Start, TextDelta, Usage

REQUEST = b'{"model":"m","messages":[{"role":"user","content":"hi"}],"stream":true}'


def test_every_dialect_is_found_by_its_name() -> None:
    assert list(DIALECTS) == [dialect.name for dialect in DIALECTS.values()]
    expected = {"openai_chat", "openai_responses", "anthropic_messages", "gemini"}
    assert expected == set(DIALECTS)


def test_a_request_is_read_and_written_through_the_dialect() -> None:
    request = OpenAIChat().read_request(REQUEST)
    assert REQUEST == OpenAIChat().write_request(request, Recipient("m", stream_usage=False)).body


def test_a_stream_is_written_with_usage_for_whom_asked() -> None:
    request = OpenAIChat().read_request(REQUEST)
    assert b"usage" not in OpenAIChat().write_stream(request).write([Usage(1, 2), End()])
    asked = REQUEST.replace(
        b'"stream":true', b'"stream":true,"stream_options":{"include_usage":true}'
    )
    writer = OpenAIChat().write_stream(OpenAIChat().read_request(asked))
    assert b'"prompt_tokens":1' in writer.write([Usage(1, 2), End()])


def test_answers_are_read_and_written_through_the_dialect() -> None:
    events = [Start("1", "m", 5), TextDelta("hi"), Finish("stop"), End()]
    body = OpenAIChat().write_whole(OpenAIChat().read_request(REQUEST), events)
    texts = [e.text for e in OpenAIChat().read_whole(body) if isinstance(e, TextDelta)]
    assert ["hi"] == texts


def test_each_stream_has_its_own_reader() -> None:
    readers = [OpenAIChat().read_stream(), OpenAIChat().read_stream()]
    assert [ChunkReader, ChunkReader] == [type(reader) for reader in readers]
    readers[0].feed(b"data: [DONE]\n\n")
    assert [True, False] == [reader.ended for reader in readers]


def test_errors_and_models_through_the_dialect() -> None:
    dialect = OpenAIChat()
    assert 404 == dialect.write_error(NotFound("gone"), "req-1").status
    assert 503 == dialect.read_error(529, {}, b"").status
    assert ["a"] == dialect.read_models(dialect.write_models([ModelEntry("a", "b")]))
    assert b'"id":"a"' in dialect.write_model(ModelEntry("a", "b"))
