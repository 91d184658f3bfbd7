"""Anthropic's Messages API."""

from collections.abc import Mapping
from typing import ClassVar

from yarl import URL

from llm_proxy.backends.options import VendorOptions
from llm_proxy.backends.vendor import Vendor
from llm_proxy.pipeline.backend import BackendKit
from llm_proxy.pipeline.dialects import DIALECTS
from llm_proxy.pipeline.exchange import Exchange
from llm_proxy.pipeline.traits import Traits

_SAMPLING_VERSION = "2023-06-01"
"""The last version under which temperature and its kin are taken."""

_VERSION = "2026-10-21"

_OWN_HEADERS = ("anthropic-version", "anthropic-beta")
"""What a client of the same dialect may ask for; each goes on once, however often it came."""


class AnthropicOptions(VendorOptions):
    """Options of a backend of type `anthropic`. `api_url` is without a version."""

    OFFICIAL: ClassVar[str] = "https://api.anthropic.com"

    @property
    def url(self) -> str:
        return super().url.removesuffix("/v1")


class Anthropic(Vendor):
    """Speaks to Anthropic, or to a server that imitates it."""

    Options = AnthropicOptions
    vendor = "anthropic"
    dialect = DIALECTS["anthropic_messages"]

    def __init__(self, name: str, options: AnthropicOptions, kit: BackendKit) -> None:
        super().__init__(name, options, kit)
        self._messages = URL(f"{options.url}/v1/messages")
        self._count = URL(f"{options.url}/v1/messages/count_tokens")
        self._list = URL(f"{options.url}/v1/models?limit=1000")
        self._headers["anthropic-version"] = _SAMPLING_VERSION

    def key_header(self, key: str) -> dict[str, str]:
        return {"x-api-key": key}

    def address(self, model: str, *, stream: bool) -> URL:
        return self._messages

    def counting_address(self, model: str) -> URL:
        return self._count

    def models_address(self) -> URL:
        return self._list

    def extra_headers(self, exchange: Exchange, traits: Traits) -> Mapping[str, str]:
        if self._is_native(exchange.request):
            theirs = exchange.client.headers
            return {name: theirs[name] for name in _OWN_HEADERS if name in theirs}
        version = _VERSION if traits.sampling == "none" else _SAMPLING_VERSION
        return {"anthropic-version": version}
