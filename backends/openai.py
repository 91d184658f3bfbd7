"""OpenAI's API, and every server that imitates it."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from http import HTTPStatus
from io import BytesIO
from typing import Self

import aiohttp
from pydantic import Field, SecretStr, field_validator
from yarl import URL

from llm_proxy.pipeline.backend import Backend, BackendKit, BackendOptions
from llm_proxy.pipeline.dialects import DIALECTS
from llm_proxy.pipeline.errors import (
    ProxyError,
    UpstreamBroken,
    UpstreamError,
    UpstreamTimeout,
)
from llm_proxy.pipeline.events import Event
from llm_proxy.pipeline.exchange import Exchange
from llm_proxy.pipeline.reply import Head, Reply
from llm_proxy.pipeline.values import Seconds

OFFICIAL = "https://api.openai.com/v1"

_DIALECT = DIALECTS["openai_chat"]

_FOREIGN = (aiohttp.ClientError, OSError, asyncio.TimeoutError)

_LARGE = 2**20
"""Bytes; a body from here on is written in pieces, so that it cannot hold the event loop up."""

_LAST_BYTES = 1.0
"""Seconds to wait for the end of a body whose last event has come, to keep the connection."""


class OpenAIOptions(BackendOptions):
    """Options of a backend of type `openai`."""

    api_key: SecretStr | None = Field(
        default=None,
        description="The vendor's key. An empty one switches the backend off; a server that wants "
        "no key has none here.",
    )
    api_url: str = Field(
        default=OFFICIAL, description="Ends in the version, as the vendors print it."
    )
    stream_usage: bool = Field(
        default=True,
        description="Asks for token counts in streams; false for old servers that refuse it.",
    )
    connect_timeout: Seconds = Field(default=10.0, description="For a new connection.")

    @field_validator("api_url")
    @classmethod
    def _is_http(cls, value: str) -> str:
        url = URL(value)
        if url.scheme not in ("http", "https") or not url.host:
            raise ValueError(f'"{value}" is not an http(s) URL')
        if url.query_string or url.fragment:
            raise ValueError(f'"{value}" must end in its path: /chat/completions is added to it')
        return value.rstrip("/")

    @field_validator("api_key")
    @classmethod
    def _fits_a_header(cls, value: SecretStr | None) -> SecretStr | None:
        key = value.get_secret_value() if value else ""
        if not key.isascii() or not key.isprintable() or " " in key:
            raise ValueError("a key has no blanks, line ends or letters beyond ASCII")
        return value

    @property
    def key(self) -> str:
        """The key, or an empty string."""
        return self.api_key.get_secret_value() if self.api_key else ""

    def why_off(self) -> str | None:
        keyless = self.api_key is None and self.api_url != OFFICIAL
        return None if self.key or keyless else "no api_key"


class OpenAI(Backend[OpenAIOptions]):
    """Speaks Chat Completions to `api_url`."""

    Options = OpenAIOptions

    def __init__(self, name: str, options: OpenAIOptions, kit: BackendKit) -> None:
        super().__init__(name, options, kit)
        self._chat = URL(f"{options.api_url}/chat/completions")
        self._models = URL(f"{options.api_url}/models")
        self._key = options.key.encode()
        self._headers = {"Content-Type": "application/json", "Accept-Encoding": "identity"}
        if options.key:
            self._headers["Authorization"] = f"Bearer {options.key}"
        self._timeout = aiohttp.ClientTimeout(total=None, sock_connect=options.connect_timeout)

    async def send(self, exchange: Exchange, model: str) -> Reply:
        request = exchange.request
        body = _DIALECT.write_request(request, model, stream_usage=self.options.stream_usage)
        try:
            response = await self.kit.http.post(
                self._chat,
                data=body if len(body) < _LARGE else BytesIO(body),
                headers=self._headers,
                timeout=self._timeout,
                allow_redirects=False,
            )
        except _FOREIGN as error:
            raise self._renamed(error) from error
        try:
            return await self._reply(response, Head(self.name, model), streamed=request.stream)
        except BaseException as error:
            response.close()
            if isinstance(error, _FOREIGN):
                raise self._renamed(error) from error
            raise

    async def models(self) -> list[str]:
        try:
            async with self.kit.http.get(
                self._models, headers=self._headers, timeout=self._timeout, allow_redirects=False
            ) as response:
                if response.status != HTTPStatus.OK:
                    raise await self._error(response)
                return _DIALECT.read_models(await response.read())
        except _FOREIGN as error:
            raise self._renamed(error) from error

    async def _reply(
        self, response: aiohttp.ClientResponse, head: Head, *, streamed: bool
    ) -> Reply:
        """What the vendor sends decides, not what was asked for: some only stream, some never."""
        if response.status != HTTPStatus.OK:
            raise await self._error(response)
        kind = response.content_type
        if kind == "text/event-stream" or (streamed and kind != "application/json"):
            answer = _StreamedAnswer(response, self._clean, self._renamed)
            return Reply(head, answer, answer.close)
        return Reply.of(head, _DIALECT.read_whole(self._clean(await response.read())))

    async def _error(self, response: aiohttp.ClientResponse) -> ProxyError:
        body = self._clean(await response.read())
        return _DIALECT.read_error(response.status, response.headers, body)

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


class _StreamedAnswer:
    """The events of a streamed body. An object and not a generator: one that is dropped half-way
    leaves nothing for the event loop to clean up."""

    def __init__(
        self,
        response: aiohttp.ClientResponse,
        clean: Callable[[bytes], bytes],
        renamed: Callable[[BaseException], ProxyError],
    ) -> None:
        self._response = response
        self._reader = _DIALECT.read_stream()
        self._clean = clean
        self._renamed = renamed
        self._read = False

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Sequence[Event]:
        while not self._read:
            try:
                data = await self._response.content.readany()
            except _FOREIGN as error:
                raise self._renamed(error) from error
            self._read = not data
            if events := self._reader.feed(self._clean(data)) if data else self._reader.close():
                return events
        raise StopAsyncIteration

    def close(self) -> Awaitable[None] | None:
        """Give the connection back if the body is over or about to be, else close it."""
        if self._reader.ended and not self._response.content.is_eof():
            return self._read_to_the_end()
        self._response.close()
        return None

    async def _read_to_the_end(self) -> None:
        try:
            async with asyncio.timeout(_LAST_BYTES):
                await self._response.content.readany()
        except _FOREIGN:
            pass
        finally:
            self._response.close()
