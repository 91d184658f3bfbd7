"""OpenAI Responses, as its SDK, coding agents and the servers that imitate it speak it."""

from collections.abc import Mapping, Sequence

from llm_proxy.pipeline.dialects.dialect import (
    Dialect,
    ModelEntry,
    Recipient,
    Rendered,
    StreamReader,
    StreamWriter,
    Written,
)
from llm_proxy.pipeline.dialects.openai_chat.errors import write_error
from llm_proxy.pipeline.dialects.openai_chat.models import read_models, write_model, write_models
from llm_proxy.pipeline.dialects.openai_responses.formats import NAME
from llm_proxy.pipeline.dialects.openai_responses.read_request import read_request
from llm_proxy.pipeline.dialects.openai_responses.read_stream import EventReader
from llm_proxy.pipeline.dialects.openai_responses.read_whole import read_count, read_whole
from llm_proxy.pipeline.dialects.openai_responses.write_request import write_request
from llm_proxy.pipeline.dialects.openai_responses.write_stream import EventWriter
from llm_proxy.pipeline.dialects.openai_responses.write_whole import write_whole
from llm_proxy.pipeline.dialects.read_error import read_error
from llm_proxy.pipeline.errors import ProxyError
from llm_proxy.pipeline.events import Event
from llm_proxy.pipeline.request import ChatRequest


class OpenAIResponses(Dialect):
    """Reads and writes `/v1/responses`."""

    name = NAME
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
        return EventReader(maker)

    def read_count(self, body: bytes) -> int:
        return read_count(body)

    def read_error(self, status: int, headers: Mapping[str, str], body: bytes) -> ProxyError:
        return read_error(status, headers, body)

    def read_models(self, body: bytes) -> list[str]:
        return read_models(body)

    def write_whole(self, request: ChatRequest, events: Sequence[Event]) -> bytes:
        return write_whole(request, events)

    def write_stream(self, request: ChatRequest) -> StreamWriter:
        return EventWriter(request)

    def write_error(self, error: ProxyError, request_id: str) -> Rendered:
        return write_error(error)

    def write_models(self, models: Sequence[ModelEntry]) -> bytes:
        return write_models(models)

    def write_model(self, model: ModelEntry) -> bytes:
        return write_model(model)
