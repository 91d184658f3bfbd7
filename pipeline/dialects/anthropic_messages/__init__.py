"""Anthropic's Messages, as its SDK, its coding agent and the servers that imitate it speak it."""

from collections.abc import Mapping, Sequence

from llm_proxy.pipeline.dialects.anthropic_messages.errors import write_error
from llm_proxy.pipeline.dialects.anthropic_messages.formats import NAME
from llm_proxy.pipeline.dialects.anthropic_messages.models import (
    read_models,
    write_model,
    write_models,
)
from llm_proxy.pipeline.dialects.anthropic_messages.read_answer import read_count, read_whole
from llm_proxy.pipeline.dialects.anthropic_messages.read_request import read_request
from llm_proxy.pipeline.dialects.anthropic_messages.read_stream import MessageReader
from llm_proxy.pipeline.dialects.anthropic_messages.write_request import write_request
from llm_proxy.pipeline.dialects.anthropic_messages.write_stream import MessageWriter
from llm_proxy.pipeline.dialects.anthropic_messages.write_whole import write_count, write_whole
from llm_proxy.pipeline.dialects.dialect import (
    Dialect,
    ModelEntry,
    Recipient,
    Rendered,
    StreamReader,
    StreamWriter,
    Written,
)
from llm_proxy.pipeline.dialects.read_error import read_error
from llm_proxy.pipeline.errors import ProxyError
from llm_proxy.pipeline.events import Event
from llm_proxy.pipeline.request import ChatRequest


class AnthropicMessages(Dialect):
    """Reads and writes `/v1/messages` and `/v1/messages/count_tokens`."""

    name = NAME
    id_header = "request-id"
    can_count = True

    def read_request(
        self,
        body: bytes,
        *,
        model: str | None = None,
        stream: bool = False,
        counts_only: bool = False,
    ) -> ChatRequest:
        return read_request(body, counts_only=counts_only)

    def write_request(self, request: ChatRequest, to: Recipient) -> Written:
        return write_request(request, to)

    def read_whole(self, body: bytes, maker: str = "") -> list[Event]:
        return read_whole(body, maker)

    def read_stream(self, maker: str = "") -> StreamReader:
        return MessageReader(maker)

    def read_count(self, body: bytes) -> int:
        return read_count(body)

    def read_error(self, status: int, headers: Mapping[str, str], body: bytes) -> ProxyError:
        return read_error(status, headers, body)

    def read_models(self, body: bytes) -> list[str]:
        return read_models(body)

    def write_whole(self, request: ChatRequest, events: Sequence[Event]) -> bytes:
        return write_count(events) if request.counts_only else write_whole(events)

    def write_stream(self, request: ChatRequest) -> StreamWriter:
        return MessageWriter()

    def write_error(self, error: ProxyError, request_id: str) -> Rendered:
        return write_error(error, request_id)

    def write_models(self, models: Sequence[ModelEntry]) -> bytes:
        return write_models(models)

    def write_model(self, model: ModelEntry) -> bytes:
        return write_model(model)
