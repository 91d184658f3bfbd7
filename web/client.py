"""Who is at the other end of a connection: address, headers and key."""

from collections.abc import Mapping, Sequence
from ipaddress import ip_address

from aiohttp import web

from llm_proxy.pipeline.exchange import Client
from llm_proxy.pipeline.values import Network

_BEARER = "bearer "

_KEY_HEADERS = ("x-api-key", "x-goog-api-key")


def client_of(request: web.Request, trusted: Sequence[Network]) -> Client:
    """What the connection tells; a forwarded address is believed only from a trusted proxy."""
    headers = request.headers
    address = request.remote
    if trusted and _is_trusted(address, trusted):
        # The nearest proxies write at the end; whoever is not one of them is the client.
        hops = [hop.strip() for hop in headers.get("x-forwarded-for", "").split(",")]
        unknown = (hop for hop in reversed(hops) if hop and not _is_trusted(hop, trusted))
        address = next(unknown, address)
    return Client(address, headers, _credential(request, headers))


def _is_trusted(address: str | None, trusted: Sequence[Network]) -> bool:
    try:
        parsed = ip_address((address or "").partition("%")[0])
    except ValueError:
        return False
    return any(parsed in network for network in trusted)


def _credential(request: web.Request, headers: Mapping[str, str]) -> str | None:
    """The key, in whichever of the four places the vendors' SDKs put it."""
    authorization = headers.get("authorization", "")
    if authorization[: len(_BEARER)].lower() == _BEARER:
        return authorization[len(_BEARER) :].strip()
    for name in _KEY_HEADERS:
        if name in headers:
            return headers[name]
    return request.query.get("key")
