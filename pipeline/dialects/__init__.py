"""The formats that clients and vendors speak: bytes ⇄ typed requests and events, without I/O."""

from llm_proxy.pipeline.dialects.anthropic_messages import AnthropicMessages
from llm_proxy.pipeline.dialects.dialect import Dialect
from llm_proxy.pipeline.dialects.gemini import Gemini
from llm_proxy.pipeline.dialects.openai_chat import OpenAIChat
from llm_proxy.pipeline.dialects.openai_responses import OpenAIResponses

DIALECTS: dict[str, Dialect] = {
    dialect.name: dialect
    for dialect in (OpenAIChat(), OpenAIResponses(), AnthropicMessages(), Gemini())
}
"""Every dialect by its name."""
