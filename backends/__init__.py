"""The built-in backends: one line each, by the type they have in the file."""

from typing import Any

from llm_proxy.backends.local import Local
from llm_proxy.backends.openai import OpenAI
from llm_proxy.pipeline.backend import Backend

BUILTIN: dict[str, type[Backend[Any]]] = {
    "local": Local,
    "openai": OpenAI,
}
