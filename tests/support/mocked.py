"""A bridge between aioresponses 0.7.9 and aiohttp 3.14.

aiohttp's `ClientResponse` wants a `stream_writer`, which aioresponses does not give it yet; its
answers are built with this class instead: `mocked.get(url, …, response_class=MockedResponse)`.
"""

from typing import Any
from unittest.mock import Mock

from aiohttp import ClientResponse
from aiohttp.abc import AbstractStreamWriter


class MockedResponse(ClientResponse):
    """A response whose request was never written anywhere."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        writer = Mock(spec=AbstractStreamWriter, output_size=0)
        super().__init__(*args, **kwargs, stream_writer=writer)
