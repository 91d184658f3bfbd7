"""OpenAI's two APIs, and every server that imitates one of them."""

from typing import ClassVar, Literal

from pydantic import Field, field_validator
from yarl import URL

from llm_proxy.backends.options import VendorOptions
from llm_proxy.backends.traits import known_servers, server_at
from llm_proxy.backends.vendor import Vendor
from llm_proxy.pipeline.backend import BackendKit
from llm_proxy.pipeline.dialects import DIALECTS
from llm_proxy.pipeline.registry import did_you_mean

_APIS = {
    "chat": (DIALECTS["openai_chat"], "chat/completions"),
    "responses": (DIALECTS["openai_responses"], "responses"),
}


class OpenAIOptions(VendorOptions):
    """Options of a backend of type `openai`. `api_url` ends in the version, as vendors print it."""

    OFFICIAL: ClassVar[str] = "https://api.openai.com/v1"

    api: Literal["chat", "responses"] = Field(
        default="chat", description="Which of the APIs to speak."
    )
    server: str = Field(
        default="",
        description="Whose ways it has, if its address does not tell: vllm, ollama, llama.cpp, "
        "deepseek, openrouter, zai, or openai.",
    )
    stream_usage: bool = Field(
        default=True,
        description="Asks for token counts in streams; false for old servers that refuse it.",
    )

    @field_validator("server")
    @classmethod
    def _is_known(cls, value: str) -> str:
        known = known_servers()
        if value and value not in known:
            hint = did_you_mean(value, known)
            raise ValueError(f'nothing is known of "{value}"{hint} ({", ".join(known)} are)')
        return value


class OpenAI(Vendor):
    """Speaks Chat Completions or Responses to `api_url`."""

    Options = OpenAIOptions
    vendor = "openai"

    def __init__(self, name: str, options: OpenAIOptions, kit: BackendKit) -> None:
        super().__init__(name, options, kit)
        self.dialect, path = _APIS[options.api]
        self._generate = URL(f"{options.url}/{path}")
        self._count = URL(f"{options.url}/{path}/input_tokens")
        self._list = URL(f"{options.url}/models")
        self.asks_for_stream_usage = options.stream_usage
        self._server = options.server or server_at(options.url)

    @property
    def facts_as(self) -> str:
        return self._server

    def key_header(self, key: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {key}"}

    def address(self, model: str, *, stream: bool) -> URL:
        return self._generate

    def counting_address(self, model: str) -> URL:
        return self._count

    def models_address(self) -> URL:
        return self._list
