"""Z.AI: OpenAI's dialect under addresses of its own."""

from typing import ClassVar

from llm_proxy.backends.openai import OpenAI, OpenAIOptions


class ZaiOptions(OpenAIOptions):
    """Options of a backend of type `zai`; keys of the coding plan have an `api_url` of their
    own."""

    OFFICIAL: ClassVar[str] = "https://api.z.ai/api/paas/v4"

    server: str = "zai"


class Zai(OpenAI):
    """Speaks to Z.AI."""

    Options = ZaiOptions
    vendor = "zai"
