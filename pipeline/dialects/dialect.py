"""What a dialect is: a reader and a writer for requests and for answers, over one set of events."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import field
from typing import ClassVar, Protocol

from llm_proxy.pipeline.errors import ProxyError
from llm_proxy.pipeline.events import Event
from llm_proxy.pipeline.record import new_dict, record
from llm_proxy.pipeline.request import ChatRequest
from llm_proxy.pipeline.traits import Traits

NO_TRAITS = Traits()


@record
class Recipient:
    """Whom a request is written for: a model, the facts about it, and the `maker` whose seals may
    go to it. `stream_usage` asks for token counts also in streams."""

    model: str
    maker: str = ""
    traits: Traits = NO_TRAITS
    stream_usage: bool = True


@record
class Written:
    """A request as it is sent, and what is to be known when its answer comes.

    `losses` are warnings for the client. `names` holds the tools that were renamed, as sent → as
    the client knows them; `customs` the tools, as sent, whose free text was put into an argument
    `input`; `json_tool` the name of the tool whose arguments are the structured answer, if one was
    asked for so.
    """

    body: bytes
    losses: tuple[str, ...] = ()
    names: Mapping[str, str] = field(default_factory=new_dict)
    customs: frozenset[str] = frozenset()
    json_tool: str | None = None


@record
class Rendered:
    """An HTTP answer made of a whole body."""

    status: int
    body: bytes
    headers: dict[str, str] = field(default_factory=new_dict)


@record
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
    """One wire format. Instances have no state; readers and writers of streams do.

    Readers give seals the `maker` they are told. Writers of answers get the request as the client
    made it.
    """

    name: ClassVar[str]
    stream_type: ClassVar[str] = "text/event-stream; charset=utf-8"
    id_header: ClassVar[str | None] = None
    """A header beside `x-request-id` in which this dialect's clients look for the request's id."""
    can_count: ClassVar[bool] = False
    """Whether its vendors count tokens for free; then `read_count` reads their answer."""

    @abstractmethod
    def read_request(
        self,
        body: bytes,
        *,
        model: str | None = None,
        stream: bool = False,
        counts_only: bool = False,
    ) -> ChatRequest:
        """Raises `BadRequest`, which names the field at fault.

        `model` and `stream` are what the path says, for the dialect that puts them there.
        """

    @abstractmethod
    def write_request(self, request: ChatRequest, to: Recipient) -> Written:
        """The request as `to` takes it.

        What no stage touched leaves as it came, if it came in this dialect. Raises
        `Untranslatable`, which names the field that must not be left out.
        """

    @abstractmethod
    def read_whole(self, body: bytes, maker: str = "") -> list[Event]:
        """The events of a whole answer; raises `UpstreamBroken`."""

    @abstractmethod
    def read_stream(self, maker: str = "") -> StreamReader:
        """A reader for one streamed answer."""

    def read_count(self, body: bytes) -> int:
        """The tokens that a vendor has counted; raises `UpstreamBroken`."""
        raise NotImplementedError

    @abstractmethod
    def read_error(self, status: int, headers: Mapping[str, str], body: bytes) -> ProxyError:
        """The error that a vendor's answer with this status means; see `UpstreamError`."""

    @abstractmethod
    def read_models(self, body: bytes) -> list[str]:
        """The names in a vendor's list of models; raises `UpstreamBroken`."""

    @abstractmethod
    def write_whole(self, request: ChatRequest, events: Sequence[Event]) -> bytes:
        """A whole answer to `request`. `events` are all of it, and end with `End`; for a request
        that only counts they are `TokenCount` and `End`."""

    @abstractmethod
    def write_stream(self, request: ChatRequest) -> StreamWriter:
        """A writer for one streamed answer to `request`."""

    @abstractmethod
    def write_error(self, error: ProxyError, request_id: str) -> Rendered:
        """The error as a client of this dialect expects it."""

    @abstractmethod
    def write_models(self, models: Sequence[ModelEntry]) -> bytes:
        """A list of models."""

    @abstractmethod
    def write_model(self, model: ModelEntry) -> bytes:
        """One model by itself."""
