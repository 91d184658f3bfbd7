"""Settings that stages have changed, put back to their places in the client's own request."""

from collections.abc import Mapping
from typing import Any

from llm_proxy.pipeline.dialects.efforts import asked_effort
from llm_proxy.pipeline.dialects.gemini.json_schema import cleaned
from llm_proxy.pipeline.dialects.gemini.places import (
    FORMAT,
    GROUPS,
    NOWHERE,
    OF_GENERATION,
    OF_TOP_LEVEL,
    THINKING,
    tier_sent,
)
from llm_proxy.pipeline.dialects.gemini.read_settings import JSON
from llm_proxy.pipeline.dialects.gemini.thinking import thinking_of
from llm_proxy.pipeline.dialects.gemini.wire_names import get, put, spelling
from llm_proxy.pipeline.dialects.losses import Losses
from llm_proxy.pipeline.dialects.structured import asked_format
from llm_proxy.pipeline.json_values import object_or_empty
from llm_proxy.pipeline.traits import Traits

Json = dict[str, Any]

_GENERATION = "generationConfig"


class Settings:
    """Changes settings of one body. What lies deeper than the body is copied first."""

    def __init__(self, body: Json, traits: Traits, losses: Losses) -> None:
        self._body = body
        self._traits = traits
        self._losses = losses

    def change(self, params: Mapping[str, Any], old: Mapping[str, Any]) -> None:
        """Make the body say `params` where it said `old`."""
        names = [*params, *(name for name in old if name not in params)]
        changed = [n for n in names if n not in params or n not in old or params[n] != old[n]]
        if THINKING.intersection(changed):
            self._think(params, changed)
        for name in changed:
            if name not in THINKING:
                self._put(name, params.get(name), params)

    def _put(self, name: str, value: Any, params: Mapping[str, Any]) -> None:
        group, _, field = name.partition(".")
        if name in OF_GENERATION:
            self.put_in(_GENERATION, OF_GENERATION[name], value)
        elif name == "response_format":
            self._put_format(params)
        elif name in OF_TOP_LEVEL:
            value = tier_sent(value) if name == "service_tier" else value
            put(self._body, OF_TOP_LEVEL[name], value)
        elif group in GROUPS and field:
            self.put_in(group, field, value)
        elif name in NOWHERE:
            self._losses.drop(name)
        else:
            put(self._body, name, value)

    def put_in(self, group: str, field: str, value: object) -> None:
        """Set or take out one field of a group; a group left empty goes."""
        fields = dict(object_or_empty(get(self._body, group)))
        put(fields, field, value)
        put(self._body, group, fields or None)

    def _put_format(self, params: Mapping[str, Any]) -> None:
        for field in FORMAT:
            self.put_in(_GENERATION, field, None)
        format_ = asked_format(params)
        if format_ is None:
            return
        self.put_in(_GENERATION, "responseMimeType", JSON)
        if format_.schema is not None:
            self.put_in(_GENERATION, "responseJsonSchema", cleaned(format_.schema))

    def _think(self, params: Mapping[str, Any], changed: list[str]) -> None:
        config = object_or_empty(get(self._body, _GENERATION))
        fields = dict(object_or_empty(get(config, "thinkingConfig")))
        if "reasoning_summary" in changed:
            put(fields, "includeThoughts", params.get("reasoning_summary"))
        if {"reasoning_effort", "reasoning_budget"}.intersection(changed):
            by_name = "reasoning_effort" in changed and asked_effort(params) is not None
            kept = {k: v for k, v in params.items() if k != "reasoning_budget" or not by_name}
            put(fields, "thinkingLevel", None)
            put(fields, "thinkingBudget", None)
            for name, value in thinking_of(kept, self._traits).items():
                fields[spelling(fields, name)] = value
        self.put_in(_GENERATION, "thinkingConfig", fields or None)
