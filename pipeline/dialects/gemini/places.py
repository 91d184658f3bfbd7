"""Where a setting stands in a request of this dialect."""

from collections.abc import Mapping

GENERATION: Mapping[str, str] = {
    "temperature": "temperature",
    "topP": "top_p",
    "topK": "top_k",
    "maxOutputTokens": "max_tokens",
    "stopSequences": "stop",
    "seed": "seed",
    "presencePenalty": "presence_penalty",
    "frequencyPenalty": "frequency_penalty",
    "candidateCount": "n",
    "responseLogprobs": "logprobs",
    "logprobs": "top_logprobs",
}
"""The fields of `generationConfig` that are one setting each → its name in every dialect."""

OF_GENERATION: Mapping[str, str] = {name: wire for wire, name in GENERATION.items()}

THINKING = frozenset({"reasoning_effort", "reasoning_budget", "reasoning_summary"})
"""Settings that share `generationConfig.thinkingConfig`."""

FORMAT = ("responseMimeType", "responseJsonSchema", "responseSchema")
"""The fields of `generationConfig` that are the setting `response_format`."""

TOP_LEVEL: Mapping[str, str] = {"serviceTier": "service_tier", "store": "store"}

OF_TOP_LEVEL: Mapping[str, str] = {name: wire for wire, name in TOP_LEVEL.items()}

STRUCTURE = frozenset(
    {"contents", "systemInstruction", "tools", "toolConfig", "generationConfig", "model"}
)
"""Fields of the body that are no settings, or hold several."""

GROUPS = ("generationConfig", "toolConfig")
"""Fields that hold settings: one without a name in every dialect is called `group.field`."""

NOWHERE = frozenset(
    {"logit_bias", "metadata", "parallel_tool_calls", "prompt_cache_key", "user", "verbosity"}
)
"""Settings of other dialects for which there is no field here."""

_TIERS = {"standard": "default", "flex": "flex", "priority": "priority"}


def tier_named(tier: str) -> str:
    """A service tier by the name that it has in every dialect."""
    return _TIERS.get(tier.lower(), tier)


def tier_sent(tier: object) -> str | None:
    """A service tier by the name that it has here; None for one that is not there."""
    return next((sent for sent, name in _TIERS.items() if tier in (sent, name)), None)
