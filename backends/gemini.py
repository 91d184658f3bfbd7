"""Google's Gemini API, which names the model and the form of the answer in the path."""

from typing import ClassVar
from urllib.parse import quote

from yarl import URL

from llm_proxy.backends.options import VendorOptions
from llm_proxy.backends.vendor import Vendor
from llm_proxy.pipeline.dialects import DIALECTS

_VERSION = "v1beta"


class GeminiOptions(VendorOptions):
    """Options of a backend of type `gemini`. `api_url` is without a version."""

    OFFICIAL: ClassVar[str] = "https://generativelanguage.googleapis.com"

    @property
    def url(self) -> str:
        return super().url.removesuffix(f"/{_VERSION}")


class Gemini(Vendor):
    """Speaks to Gemini, or to a server that imitates it."""

    Options = GeminiOptions
    vendor = "gemini"
    dialect = DIALECTS["gemini"]

    def key_header(self, key: str) -> dict[str, str]:
        return {"x-goog-api-key": key}

    def address(self, model: str, *, stream: bool) -> URL:
        return self._at(model, "streamGenerateContent?alt=sse" if stream else "generateContent")

    def counting_address(self, model: str) -> URL:
        return self._at(model, "countTokens")

    def models_address(self) -> URL:
        return URL(f"{self.options.url}/{_VERSION}/models?pageSize=1000")

    def _at(self, model: str, method: str) -> URL:
        name = quote(model.removeprefix("models/"), safe="/-._~")
        return URL(f"{self.options.url}/{_VERSION}/models/{name}:{method}", encoded=True)
