"""What a dialect is: a reader and a writer for requests and for answers, over one set of events."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar, Protocol

from llm_proxy.pipeline.errors import ProxyError
from llm_proxy.pipeline.events import Event
from llm_proxy.pipeline.request import ChatRequest


@dataclass(frozen=True, slots=True)
class Rendered:
    """An HTTP answer made of a whole body."""

    status: int
    body: bytes
    headers: dict[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True, slots=True)
class ModelEntry:
    """A model as it is listed: `backend:model`, and whose it is."""

    id: str
    owner: str


class StreamReader(Protocol):
    """Reads one streamed answer, however the network cuts it."""

    @property
    def ended(self) -> bool:
        """Whether the last event has come, though perhaps not yet the end of the body."""
        ...

    def feed(self, data: bytes) -> list[Event]:
        """The events that are complete with `data`; garbage is a `Failure` behind what was good."""
        ...

    def close(self) -> list[Event]:
        """The events left at the end; a `Failure` if the answer is cut short."""
        ...


class StreamWriter(Protocol):
    """Writes one streamed answer."""

    def write(self, events: Sequence[Event]) -> bytes:
        """The bytes for `events`; may be empty."""
        ...


class Dialect(ABC):
    """One wire format. Instances have no state; readers and writers of streams do."""

    name: ClassVar[str]
    stream_type: ClassVar[str] = "text/event-stream; charset=utf-8"

    @abstractmethod
    def read_request(self, body: bytes) -> ChatRequest:
        """Raises `BadRequest`, which names the field at fault."""

    @abstractmethod
    def write_request(self, request: ChatRequest, model: str, *, stream_usage: bool) -> bytes:
        """The body to send for `request`; `stream_usage` asks for token counts also in streams.

        What no stage touched leaves as it came, if it came in this dialect.
        """

    @abstractmethod
    def read_whole(self, body: bytes) -> list[Event]:
        """The events of a whole answer; raises `UpstreamBroken`."""

    @abstractmethod
    def read_stream(self) -> StreamReader:
        """A reader for one streamed answer."""

    @abstractmethod
    def read_error(self, status: int, headers: Mapping[str, str], body: bytes) -> ProxyError:
        """The error that a vendor's answer with this status means; see `UpstreamError`."""

    @abstractmethod
    def read_models(self, body: bytes) -> list[str]:
        """The names in a vendor's list of models; raises `UpstreamBroken`."""

    @abstractmethod
    def write_whole(self, events: Sequence[Event]) -> bytes:
        """A whole answer. `events` are all of it, and end with `End`."""

    @abstractmethod
    def write_stream(self, request: ChatRequest) -> StreamWriter:
        """A writer for one streamed answer to `request`."""

    @abstractmethod
    def write_error(self, error: ProxyError) -> Rendered:
        """The error as a client of this dialect expects it."""

    @abstractmethod
    def write_models(self, models: Sequence[ModelEntry]) -> bytes:
        """A list of models."""

    @abstractmethod
    def write_model(self, model: ModelEntry) -> bytes:
        """One model by itself."""
