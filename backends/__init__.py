"""The built-in backends: one line each, by the type they have in the file."""

from typing import Any

from llm_proxy.backends.anthropic import Anthropic
from llm_proxy.backends.gemini import Gemini
from llm_proxy.backends.local import Local
from llm_proxy.backends.openai import OpenAI
from llm_proxy.backends.openrouter import OpenRouter
from llm_proxy.backends.zai import Zai
from llm_proxy.pipeline.backend import Backend

BUILTIN: dict[str, type[Backend[Any]]] = {
    "local": Local,
    "openai": OpenAI,
    "anthropic": Anthropic,
    "gemini": Gemini,
    "openrouter": OpenRouter,
    "zai": Zai,
}
