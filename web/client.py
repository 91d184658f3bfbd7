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
        for hop in reversed(headers.get("x-forwarded-for", "").split(",")):
            if (forwarded := _address(hop)) is None:
                break
            address = forwarded
            if not _is_trusted(address, trusted):
                break
    return Client(address, headers, _credential(request, headers))


def _address(hop: str) -> str | None:
    """The address of one hop, without brackets and port; None for anything else."""
    bare = hop.strip()
    if bare.startswith("["):
        bare = bare[1:].partition("]")[0]
    elif bare.count(":") == 1:
        bare = bare.partition(":")[0]
    try:
        return str(ip_address(bare))
    except ValueError:
        return None


def _is_trusted(address: str | None, trusted: Sequence[Network]) -> bool:
    try:
        parsed = ip_address((address or "").partition("%")[0])
    except ValueError:
        return False
    return any(parsed in network for network in trusted)


def _credential(request: web.Request, headers: Mapping[str, str]) -> str | None:
    """The key, in whichever of the four places the vendors' SDKs put it; where there are several,
    the header that is for keys alone counts, as it does with the vendors."""
    for name in _KEY_HEADERS:
        if key := headers.get(name):
            return key
    authorization = headers.get("authorization", "")
    if authorization[: len(_BEARER)].lower() == _BEARER:
        return authorization[len(_BEARER) :].strip()
    return request.query.get("key")
