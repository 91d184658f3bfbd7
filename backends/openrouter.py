"""OpenRouter: OpenAI's dialect, with a name for the application that asks."""

from typing import ClassVar

from pydantic import Field

from llm_proxy.backends.openai import OpenAI, OpenAIOptions
from llm_proxy.pipeline.backend import BackendKit


class OpenRouterOptions(OpenAIOptions):
    """Options of a backend of type `openrouter`."""

    OFFICIAL: ClassVar[str] = "https://openrouter.ai/api/v1"

    server: str = "openrouter"
    site_url: str = Field(default="", description="The application's page, shown in rankings.")
    site_name: str = Field(default="", description="The application's name, shown there.")


class OpenRouter(OpenAI):
    """Speaks to OpenRouter."""

    Options = OpenRouterOptions
    vendor = "openrouter"

    def __init__(self, name: str, options: OpenRouterOptions, kit: BackendKit) -> None:
        super().__init__(name, options, kit)
        if options.site_url:
            self._headers["HTTP-Referer"] = options.site_url
        if options.site_name:
            self._headers["X-OpenRouter-Title"] = options.site_name
