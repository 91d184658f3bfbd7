"""Images that a client names by their URL, fetched for vendors that want the bytes.

The URL comes from a stranger, so nothing but the open internet is asked: no address of this machine
or its network, at no step of a redirect, and no more bytes than an image has (OWASP, "Server-Side
Request Forgery Prevention").
"""

import asyncio
import base64
import ipaddress
import socket
from collections.abc import Callable
from dataclasses import replace
from http import HTTPStatus

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from llm_proxy.pipeline.dialects.media import media_type, sniffed_type
from llm_proxy.pipeline.errors import Untranslatable
from llm_proxy.pipeline.parts import Image, Media, Part, ResultPart, ToolResult
from llm_proxy.pipeline.request import ChatRequest, Message

MOST_BYTES = 20 * 2**20
PATIENCE = 20.0
_MOST_HOPS = 3

_REDIRECTS = frozenset({301, 302, 303, 307, 308})

IsAllowed = Callable[[str], bool]


def is_public(address: str) -> bool:
    """Whether an IP address is one of the open internet."""
    return ipaddress.ip_address(address.partition("%")[0]).is_global


async def with_fetched_images(
    request: ChatRequest, is_allowed: IsAllowed = is_public
) -> ChatRequest:
    """The request with the bytes of every image that is named by an http(s) URL; the same one where
    there is none. Raises `Untranslatable` for an image that cannot be had."""
    urls = list(dict.fromkeys(url for message in request.messages for url in _urls(message.parts)))
    if not urls:
        return request
    resolver = _GuardedResolver(is_allowed)
    connector = aiohttp.TCPConnector(resolver=resolver, use_dns_cache=False)
    timeout = aiohttp.ClientTimeout(total=PATIENCE)
    async with aiohttp.ClientSession(connector=connector, timeout=timeout) as http:
        fetched = await asyncio.gather(*(_fetched(http, url, is_allowed) for url in urls))
    media = dict(zip(urls, fetched, strict=True))
    return replace(request, messages=[_filled(message, media) for message in request.messages])


def _urls(parts: tuple[Part, ...] | tuple[ResultPart, ...]) -> list[str]:
    urls: list[str] = []
    for part in parts:
        if isinstance(part, ToolResult):
            urls += _urls(part.parts)
        elif isinstance(part, Image) and (url := part.media.url) and url.startswith("http"):
            urls.append(url)
    return urls


def _filled(message: Message, media: dict[str, Media]) -> Message:
    if not _urls(message.parts):
        return message
    return message.with_parts([_with_bytes(part, media) for part in message.parts])


def _with_bytes(part: Part, media: dict[str, Media]) -> Part:
    if isinstance(part, ToolResult):
        inner = [_image_with_bytes(p, media) if isinstance(p, Image) else p for p in part.parts]
        return replace(part, parts=tuple(inner), origin=None)
    return _image_with_bytes(part, media) if isinstance(part, Image) else part


def _image_with_bytes(image: Image, media: dict[str, Media]) -> Image:
    found = media.get(image.media.url or "")
    return replace(image, media=found, origin=None) if found else image


async def _fetched(http: aiohttp.ClientSession, url: str, is_allowed: IsAllowed) -> Media:
    try:
        return await _follow(http, URL(url), is_allowed)
    except (TimeoutError, aiohttp.ClientError, OSError, ValueError) as error:
        raise _unavailable(f"cannot be fetched ({type(error).__name__})") from error


async def _follow(http: aiohttp.ClientSession, url: URL, is_allowed: IsAllowed) -> Media:
    for _ in range(_MOST_HOPS):
        _check(url, is_allowed)
        async with http.get(url, allow_redirects=False) as response:
            if response.status in _REDIRECTS and "location" in response.headers:
                url = url.join(URL(response.headers["location"]))
                continue
            if response.status != HTTPStatus.OK:
                raise _unavailable(f"cannot be fetched (status {response.status})")
            data = await response.content.read(MOST_BYTES + 1)
            while len(data) <= MOST_BYTES and (more := await response.content.read(MOST_BYTES)):
                data += more
            if len(data) > MOST_BYTES:
                raise _unavailable(f"is larger than {MOST_BYTES} bytes")
            coded = base64.b64encode(data).decode()
            kind = sniffed_type(coded) or media_type(response.content_type)
            if not kind.startswith("image/"):
                raise _unavailable("is no image")
            return Media(kind, data=coded)
    raise _unavailable("is redirected too often")


def _check(url: URL, is_allowed: IsAllowed) -> None:
    """Addresses that are written out never reach the resolver."""
    if url.scheme not in ("http", "https") or not url.host:
        raise _unavailable("is not an http(s) URL")
    try:
        ipaddress.ip_address(url.host)
    except ValueError:
        return
    if not is_allowed(url.host):
        raise _unavailable("is not on the open internet")


def _unavailable(why: str) -> Untranslatable:
    return Untranslatable(f"image_url {why}", param="image_url")


class _GuardedResolver(AbstractResolver):
    """Finds only addresses that may be asked."""

    def __init__(self, is_allowed: IsAllowed) -> None:
        self._resolver = aiohttp.ThreadedResolver()
        self._is_allowed = is_allowed

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        found = await self._resolver.resolve(host, port, family)
        allowed = [address for address in found if self._is_allowed(address["host"])]
        if not allowed:
            raise OSError(f"{host} is not on the open internet")
        return allowed

    async def close(self) -> None:
        await self._resolver.close()
