"""What every vendor's backend does over HTTP, whatever the dialect it speaks."""

import asyncio
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from functools import cached_property, lru_cache
from http import HTTPStatus
from typing import ClassVar

import aiohttp
from yarl import URL

from llm_proxy.backends.body import payload
from llm_proxy.backends.images import with_fetched_images
from llm_proxy.backends.keepsakes import Collected, Keepsakes
from llm_proxy.backends.keys import KeyRing
from llm_proxy.backends.options import VendorOptions
from llm_proxy.backends.restored import Restored
from llm_proxy.backends.streamed import FOREIGN, StreamedAnswer
from llm_proxy.backends.traits import traits_of
from llm_proxy.pipeline.backend import Backend, BackendKit
from llm_proxy.pipeline.dialects.dialect import Dialect, Recipient, Written
from llm_proxy.pipeline.errors import (
    Fault,
    ProxyError,
    UpstreamBroken,
    UpstreamError,
    UpstreamTimeout,
)
from llm_proxy.pipeline.exchange import Exchange
from llm_proxy.pipeline.reply import Head, Reply
from llm_proxy.pipeline.request import ChatRequest
from llm_proxy.pipeline.traits import Traits

_REMEMBERED = 512
"""Models whose facts are kept at hand."""

_NOT_COUNTED = (HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED, HTTPStatus.NOT_IMPLEMENTED)


class Vendor(Backend[VendorOptions]):
    """Sends requests to one vendor in its own `dialect`. A subclass says where and with what
    headers; `vendor` is the name under which facts about its models are known, and
    `asks_for_stream_usage` whether token counts are asked for in streams, for dialects in which
    they must be."""

    vendor: ClassVar[str]
    dialect: Dialect
    asks_for_stream_usage = True

    def __init__(self, name: str, options: VendorOptions, kit: BackendKit) -> None:
        super().__init__(name, options, kit)
        self.maker = self.vendor if options.is_official else name
        self._keys = KeyRing(options.keys, self.key_header)
        self._timeout = aiohttp.ClientTimeout(total=None, sock_connect=options.connect_timeout)
        self._headers = {"Content-Type": "application/json", "Accept-Encoding": "identity"}
        # Clients may ask for any name, so only so many are remembered.
        self._recipient = lru_cache(_REMEMBERED)(self._look_up_recipient)

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

    def _look_up_recipient(self, model: str) -> Recipient:
        traits = traits_of(self.facts_as, model, self.options.traits)
        return Recipient(model, self.maker, traits, stream_usage=self.asks_for_stream_usage)

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
        if not self._is_native(exchange.request):
            return self._adapted(reply, written, exchange)
        return self._attributed(reply, exchange) if self._has_rivals else reply

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
                return self.dialect.read_count(self._keys.clean(await response.read()))
        except FOREIGN as error:
            raise self._renamed(error) from error

    async def models(self) -> list[str]:
        for name in self.keys[:-1]:
            try:
                return await self._models(name)
            except UpstreamError as error:
                if error.fault is not Fault.AUTH:
                    raise
        return await self._models(self.keys[-1] if self.keys else "")

    async def _models(self, key: str) -> list[str]:
        try:
            async with self.kit.http.get(
                self.models_address(),
                headers={**self._headers, **self._keys.header(key)},
                timeout=self._timeout,
                allow_redirects=False,
            ) as response:
                if response.status != HTTPStatus.OK:
                    raise await self._error(response)
                return self.dialect.read_models(await response.read())
        except FOREIGN as error:
            raise self._renamed(error) from error

    @property
    def keys(self) -> Sequence[str]:
        return self._keys.names

    def _is_native(self, request: ChatRequest) -> bool:
        """Whether the client speaks the vendor's own dialect."""
        return request.source is not None and request.source.dialect == self.dialect.name

    async def _written(self, exchange: Exchange, model: str) -> Written:
        request, to = exchange.request, self._recipient(model)
        if self._is_native(request):
            if self._has_rivals:
                request = await Keepsakes(self.kit.store, exchange).attributed(request, self.maker)
        else:
            request = await Keepsakes(self.kit.store, exchange).given_back(request)
            if not to.traits.image_urls:
                request = await with_fetched_images(request)
        return self.dialect.write_request(request, to)

    @cached_property
    def _has_rivals(self) -> bool:
        """Whether other vendors speak the same dialect here, whose state a client cannot tell from
        this one's."""
        others = (one for one in self.kit.backends.values() if isinstance(one, Vendor))
        return any(
            one.dialect.name == self.dialect.name and one.maker != self.maker for one in others
        )

    async def _post(
        self, address: URL, body: bytes, exchange: Exchange, model: str
    ) -> aiohttp.ClientResponse:
        key = exchange.target.key if exchange.target else ""
        more = self.extra_headers(exchange, self._recipient(model).traits)
        try:
            return await self.kit.http.post(
                address,
                data=payload(body),
                headers={**self._headers, **self._keys.header(key), **more},
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
            answer = StreamedAnswer(response, reader, self._keys.clean, self._renamed)
            return Reply(head, answer, answer.close)
        body = self._keys.clean(await response.read())
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

    def _attributed(self, reply: Reply, exchange: Exchange) -> Reply:
        """The answer to a client of the vendor's own dialect, with its maker remembered."""
        collected = Collected()

        async def attribute() -> None:
            await Keepsakes(self.kit.store, exchange).attribute(collected.all)

        return reply.through(collected).on_close(attribute)

    async def _error(self, response: aiohttp.ClientResponse) -> ProxyError:
        body = self._keys.clean(await response.read())
        return self.dialect.read_error(response.status, response.headers, body)

    def _renamed(self, error: BaseException) -> UpstreamError:
        """Our word for an error of the HTTP client. Addresses are for the log alone."""
        kind: type[UpstreamError] = UpstreamBroken
        message, fault = f'the backend "{self.name}" broke off', Fault.BROKEN_ANSWER
        match error:
            case asyncio.TimeoutError():
                kind, fault = UpstreamTimeout, Fault.TIMEOUT
                message = f'the backend "{self.name}" did not answer in time'
            case aiohttp.ClientConnectorDNSError():
                message, fault = f'the backend "{self.name}" has no address', Fault.DNS
            case aiohttp.ClientSSLError():
                message, fault = f'no secure connection to the backend "{self.name}"', Fault.TLS
            case aiohttp.ClientConnectorError():
                message, fault = f'no connection to the backend "{self.name}"', Fault.CONNECTION
            case aiohttp.ServerDisconnectedError() | OSError():
                fault = Fault.CONNECTION
            case _:
                pass
        told = f"{message}: {str(error) or type(error).__name__}"
        return kind(message, for_log=told, fault=fault)
