"""A request's body on its way to a vendor."""

from io import BytesIO

from aiohttp.payload import BytesIOPayload, BytesPayload, Payload

_LARGEST = 4 * 2**20
"""Bytes that are sent in one piece; on loopback that takes the event loop half a millisecond."""


class _OnePiece(BytesPayload):
    """What is in memory anyway. From a megabyte on aiohttp warns of one piece, and would have it in
    several of 256 KB, each copied and with a turn of the event loop: that is a tenth of what such a
    request costs."""

    def __init__(self, body: bytes) -> None:
        Payload.__init__(self, body)
        self._size = len(body)


def payload(body: bytes) -> Payload:
    """For the HTTP client; what is very large goes in pieces, so that it cannot hold the event loop
    up."""
    return _OnePiece(body) if len(body) <= _LARGEST else BytesIOPayload(BytesIO(body))
