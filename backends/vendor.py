"""What every vendor's backend does over HTTP, whatever the dialect it speaks."""

import asyncio
from abc import abstractmethod
from collections.abc import Mapping
from functools import lru_cache
from http import HTTPStatus
from io import BytesIO
from typing import Any, ClassVar

import aiohttp
from pydantic import Field, SecretStr, ValidationError, field_validator
from yarl import URL

from llm_proxy.backends.images import with_fetched_images
from llm_proxy.backends.keepsakes import Collected, Keepsakes
from llm_proxy.backends.restored import Restored
from llm_proxy.backends.streamed import FOREIGN, StreamedAnswer
from llm_proxy.backends.traits import traits_of
from llm_proxy.pipeline.backend import Backend, BackendKit, BackendOptions
from llm_proxy.pipeline.dialects.dialect import Dialect, Recipient, Written
from llm_proxy.pipeline.errors import ProxyError, UpstreamBroken, UpstreamError, UpstreamTimeout
from llm_proxy.pipeline.exchange import Exchange
from llm_proxy.pipeline.reply import Head, Reply
from llm_proxy.pipeline.request import ChatRequest
from llm_proxy.pipeline.traits import Traits
from llm_proxy.pipeline.values import Seconds

_LARGE = 2**20
"""Bytes; a body from here on is written in pieces, so that it cannot hold the event loop up."""

_REMEMBERED = 512
"""Models whose facts are kept at hand."""

_NOT_COUNTED = (HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED, HTTPStatus.NOT_IMPLEMENTED)


class VendorOptions(BackendOptions):
    """Options of every backend that is reached over HTTP."""

    OFFICIAL: ClassVar[str] = ""

    api_key: SecretStr | None = Field(
        default=None,
        description="The vendor's key. An empty one switches the backend off; a server that wants "
        "no key has none here.",
    )
    api_url: str = Field(default="", description="Where the API is, if not at the vendor's own.")
    connect_timeout: Seconds = Field(default=10.0, description="For a new connection.")
    traits: Mapping[str, Any] = Field(
        default_factory=dict[str, Any],
        description="Facts about the models here that differ from the known ones.",
    )

    @field_validator("api_url")
    @classmethod
    def _is_http(cls, value: str) -> str:
        url = URL(value)
        if value and (url.scheme not in ("http", "https") or not url.host):
            raise ValueError(f'"{value}" is not an http(s) URL')
        if url.query_string or url.fragment:
            raise ValueError(f'"{value}" must end in its path: the rest is added to it')
        return value.rstrip("/")

    @field_validator("api_key")
    @classmethod
    def _fits_a_header(cls, value: SecretStr | None) -> SecretStr | None:
        key = value.get_secret_value() if value else ""
        if not key.isascii() or not key.isprintable() or " " in key:
            raise ValueError("a key has no blanks, line ends or letters beyond ASCII")
        return value

    @field_validator("traits")
    @classmethod
    def _are_known(cls, value: Mapping[str, Any]) -> Mapping[str, Any]:
        try:
            Traits.model_validate(value)
        except ValidationError as error:
            first = error.errors()[0]
            raise ValueError(f"{'.'.join(map(str, first['loc']))}: {first['msg']}") from None
        return value

    @property
    def key(self) -> str:
        """The key, or an empty string."""
        return self.api_key.get_secret_value() if self.api_key else ""

    @property
    def url(self) -> str:
        """Where the API is."""
        return self.api_url or self.OFFICIAL

    @property
    def is_official(self) -> bool:
        """Whether it is the vendor itself, and not somebody who speaks like it."""
        return self.url == self.OFFICIAL

    def why_off(self) -> str | None:
        keyless = self.api_key is None and not self.is_official
        return None if self.key or keyless else "no api_key"


class Vendor(Backend[VendorOptions]):
    """Sends requests to one vendor in its own dialect. A subclass says where and with what headers;
    `vendor` is the name under which facts about its models are known."""

    vendor: ClassVar[str]

    def __init__(self, name: str, options: VendorOptions, kit: BackendKit) -> None:
        super().__init__(name, options, kit)
        self.maker = self.vendor if options.is_official else name
        self._key = options.key.encode()
        self._timeout = aiohttp.ClientTimeout(total=None, sock_connect=options.connect_timeout)
        self._headers = {"Content-Type": "application/json", "Accept-Encoding": "identity"}
        if options.key:
            self._headers |= self.key_header(options.key)
        # Clients may ask for any name, so only so many are remembered.
        self.traits = lru_cache(_REMEMBERED)(self._look_up_traits)

    @property
    @abstractmethod
    def dialect(self) -> Dialect:
        """The dialect it is spoken to in."""

    @abstractmethod
    def key_header(self, key: str) -> dict[str, str]:
        """The header that carries the key."""

    @abstractmethod
    def address(self, model: str, *, stream: bool) -> URL:
        """Where a conversation with `model` is continued."""

    @abstractmethod
    def counting_address(self, model: str) -> URL:
        """Where tokens are counted; asked only if the dialect can count."""

    @abstractmethod
    def models_address(self) -> URL:
        """Where the models are listed."""

    @property
    def facts_as(self) -> str:
        """The name under which facts about its models are known."""
        return self.vendor

    def _look_up_traits(self, model: str) -> Traits:
        return traits_of(self.facts_as, model, self.options.traits)

    def extra_headers(self, exchange: Exchange, traits: Traits) -> Mapping[str, str]:
        """Headers beside the key that one request needs."""
        return {}

    async def send(self, exchange: Exchange, model: str) -> Reply:
        written = await self._written(exchange, model)
        address = self.address(model, stream=exchange.request.stream)
        response = await self._post(address, written.body, exchange, model)
        head = Head(self.name, model, written.losses)
        try:
            reply = await self._reply(response, head, streamed=exchange.request.stream)
        except BaseException as error:
            response.close()
            if isinstance(error, FOREIGN):
                raise self._renamed(error) from error
            raise
        return (
            reply if self._is_native(exchange.request) else self._adapted(reply, written, exchange)
        )

    async def count(self, exchange: Exchange, model: str) -> int:
        if not self.dialect.can_count:
            return await super().count(exchange, model)
        written = await self._written(exchange, model)
        address = self.counting_address(model)
        response = await self._post(address, written.body, exchange, model)
        try:
            async with response:
                if response.status in _NOT_COUNTED:  # imitations have not all of the API
                    return await super().count(exchange, model)
                if response.status != HTTPStatus.OK:
                    raise await self._error(response)
                return self.dialect.read_count(self._clean(await response.read()))
        except FOREIGN as error:
            raise self._renamed(error) from error

    async def models(self) -> list[str]:
        try:
            async with self.kit.http.get(
                self.models_address(),
                headers=self._headers,
                timeout=self._timeout,
                allow_redirects=False,
            ) as response:
                if response.status != HTTPStatus.OK:
                    raise await self._error(response)
                return self.dialect.read_models(await response.read())
        except FOREIGN as error:
            raise self._renamed(error) from error

    def _is_native(self, request: ChatRequest) -> bool:
        """Whether the client speaks the vendor's own dialect."""
        return request.source is not None and request.source.dialect == self.dialect.name

    async def _written(self, exchange: Exchange, model: str) -> Written:
        request, traits = exchange.request, self.traits(model)
        to = Recipient(model, self.maker, traits, stream_usage=self.asks_for_stream_usage)
        if not self._is_native(request):
            request = await Keepsakes(self.kit.store, exchange).given_back(request)
            if not traits.image_urls:
                request = await with_fetched_images(request)
        return self.dialect.write_request(request, to)

    @property
    def asks_for_stream_usage(self) -> bool:
        """Whether token counts are asked for in streams, for dialects in which they must be."""
        return True

    async def _post(
        self, address: URL, body: bytes, exchange: Exchange, model: str
    ) -> aiohttp.ClientResponse:
        more = self.extra_headers(exchange, self.traits(model))
        try:
            return await self.kit.http.post(
                address,
                data=body if len(body) < _LARGE else BytesIO(body),
                headers={**self._headers, **more} if more else self._headers,
                timeout=self._timeout,
                allow_redirects=False,
            )
        except FOREIGN as error:
            raise self._renamed(error) from error

    async def _reply(
        self, response: aiohttp.ClientResponse, head: Head, *, streamed: bool
    ) -> Reply:
        """What the vendor sends decides, not what was asked for: some only stream, some never."""
        if response.status != HTTPStatus.OK:
            raise await self._error(response)
        kind = response.content_type
        if kind == "text/event-stream" or (streamed and kind != "application/json"):
            reader = self.dialect.read_stream(self.maker)
            answer = StreamedAnswer(response, reader, self._clean, self._renamed)
            return Reply(head, answer, answer.close)
        body = self._clean(await response.read())
        return Reply.of(head, self.dialect.read_whole(body, self.maker))

    def _adapted(self, reply: Reply, written: Written, exchange: Exchange) -> Reply:
        """The answer to a translated request, in the client's terms."""
        collected = Collected()

        async def keep() -> None:
            keepsakes = Keepsakes(self.kit.store, exchange)
            for call, seals in collected.by_call.items():
                await keepsakes.keep(seals, call)

        restored = Restored(written, exchange.trace.warnings)
        return reply.through(restored).through(collected).on_close(keep)

    async def _error(self, response: aiohttp.ClientResponse) -> ProxyError:
        body = self._clean(await response.read())
        return self.dialect.read_error(response.status, response.headers, body)

    def _clean(self, data: bytes) -> bytes:
        """What a vendor says, without the proxy's key: vendors repeat what they refuse."""
        return data.replace(self._key, b"[key]") if self._key else data

    def _renamed(self, error: BaseException) -> UpstreamError:
        """Our word for an error of the HTTP client. Addresses are for the log alone."""
        kind: type[UpstreamError] = UpstreamBroken
        message = f'the backend "{self.name}" broke off'
        if isinstance(error, asyncio.TimeoutError):
            kind, message = UpstreamTimeout, f'the backend "{self.name}" did not answer in time'
        elif isinstance(error, aiohttp.ClientConnectorError | aiohttp.ClientSSLError):
            message = f'no connection to the backend "{self.name}"'
        return kind(message, for_log=f"{message}: {str(error) or type(error).__name__}")
