"""Settings that a stage has changed → the fields of a Messages request where they stand."""

from collections.abc import Iterator, Mapping
from typing import Any

from llm_proxy.pipeline.dialects.anthropic_messages.read_settings import TIERS
from llm_proxy.pipeline.dialects.anthropic_messages.schema import enforceable
from llm_proxy.pipeline.dialects.anthropic_messages.thinking import (
    Limit,
    Thinking,
    asked_thinking,
    default_limit,
    fitting_budget,
    newest_wish,
)
from llm_proxy.pipeline.dialects.losses import Losses
from llm_proxy.pipeline.dialects.sampling import with_fitting_changes
from llm_proxy.pipeline.dialects.settings import refuse
from llm_proxy.pipeline.dialects.structured import Format, asked_format
from llm_proxy.pipeline.json_values import object_or_empty
from llm_proxy.pipeline.traits import Traits

Fields = Mapping[str, Any]

ABSENT = object()
"""In place of the value of a field that must go."""

_WISH = frozenset({"reasoning_effort", "reasoning_budget", "reasoning_summary"})

_COMPOSED = frozenset(
    {*_WISH, "user", "metadata", "response_format", "output_config", "parallel_tool_calls"}
)
"""Settings that share a field with others."""

UNSAYABLE = frozenset({"seed", "presence_penalty", "frequency_penalty", "logit_bias", "n"})
"""Settings that other dialects have."""

_ELSEWHERE = {"stop": "stop_sequences"}

_TO_TIERS = {name: tier for tier, name in TIERS.items()}


def to_tier(tier: object) -> str | None:
    """A service tier by its name here; None for one that does not exist here."""
    return "auto" if tier == "auto" else _TO_TIERS.get(str(tier))


class ChangedSettings:
    """What differs between the client's settings and those that are to be sent."""

    def __init__(
        self, params: Fields, old: Fields, body: Fields, traits: Traits, losses: Losses
    ) -> None:
        params = with_fitting_changes(newest_wish(params, old), old, _beside(body, traits), losses)
        self._params = params
        self._body = body
        self._traits = traits
        self._losses = losses
        names = dict.fromkeys([*params, *old])
        self.names = [
            n for n in names if (n in params) != (n in old) or params.get(n) != old.get(n)
        ]

    def fields(self) -> dict[str, Any]:
        """The fields by their names on the wire."""
        fields = dict(self._plain())
        limit = self._limit(fields)
        if "user" in self.names or "metadata" in self.names:
            fields["metadata"] = self._metadata()
        if not _WISH.isdisjoint(self.names):
            wish = self._wish(limit)
            fields |= _thinking(wish)
            fields |= self._output_config({"effort": wish.effort})
        elif "max_tokens" in self.names:
            fields |= self._lowered_budget(limit)
        if "response_format" in self.names:
            fields |= self._format(fields)
        elif "output_config" in self.names and "output_config" not in fields:
            fields |= self._output_config({})
        return fields

    def _plain(self) -> Iterator[tuple[str, Any]]:
        for name in self.names:
            if name in _COMPOSED:
                continue
            value = self._params.get(name, ABSENT)
            if name in UNSAYABLE and name not in self._body:
                self._losses.drop(name)
                continue
            if name == "max_tokens" and value is ABSENT and name in self._body:
                value = default_limit(self._traits).tokens
            if name == "service_tier" and isinstance(value, str):
                value = to_tier(value) or value
            yield _ELSEWHERE.get(name, name), value

    def _limit(self, fields: Fields) -> Limit:
        tokens = fields.get("max_tokens", self._body.get("max_tokens"))
        return Limit(tokens) if isinstance(tokens, int) else default_limit(self._traits)

    def _metadata(self) -> Any:
        metadata = dict(object_or_empty(self._params.get("metadata")))
        if (user := self._params.get("user")) is not None:
            metadata["user_id"] = user
        return metadata or ABSENT

    def _wish(self, limit: Limit) -> Thinking:
        """The thinking as it is now asked for; where only its showing has changed, the client's
        own with that."""
        old = object_or_empty(self._body.get("thinking"))
        if list(_WISH.intersection(self.names)) == ["reasoning_summary"]:
            shown = self._params.get("reasoning_summary")
            kept = {name: value for name, value in old.items() if name != "display"}
            if kept and shown is not None:
                kept["display"] = "summarized" if shown else "omitted"
            effort = object_or_empty(self._body.get("output_config")).get("effort")
            return Thinking(limit, kept or None, effort)
        wish = asked_thinking(self._params, self._traits, limit, self._losses)
        is_left = wish.thinking is None and old.get("type") == "adaptive"
        return Thinking(limit, old, wish.effort) if is_left else wish

    def _lowered_budget(self, limit: Limit) -> Iterator[tuple[str, Any]]:
        """A budget is below the limit, also below a new one."""
        thinking = object_or_empty(self._body.get("thinking"))
        wanted = thinking.get("budget_tokens")
        if (
            not isinstance(wanted, int)
            or (budget := fitting_budget(wanted, limit.tokens)) == wanted
        ):
            return
        if budget is None:
            self._losses.change("reasoning_budget", "none")
            yield "thinking", ABSENT
        else:
            self._losses.change("reasoning_budget", str(budget))
            yield "thinking", {**thinking, "budget_tokens": budget}

    def _format(self, fields: Fields) -> Iterator[tuple[str, Any]]:
        """A format that a rule asks for; any object can only be asked for in words."""
        format_ = asked_format(self._params)
        if format_ is not None and format_.schema is None:
            self._losses.drop("response_format")
        so_far = object_or_empty(fields.get("output_config", self._body.get("output_config")))
        changed: dict[str, Any] = {"format": written_format(format_)}
        if "output_config" in fields:
            changed["effort"] = so_far.get("effort")
        yield from self._output_config(changed)
        if "output_format" in self._body:
            yield "output_format", ABSENT

    def _output_config(self, changed: Fields) -> Iterator[tuple[str, Any]]:
        """The field with parts of it changed; None for one that goes."""
        old = object_or_empty(self._body.get("output_config"))
        kept: dict[str, Any] = dict(old)
        if "output_config" in self.names:
            own = {name: old[name] for name in ("effort", "format") if name in old}
            kept = own | object_or_empty(self._params.get("output_config"))
        both: dict[str, Any] = {**kept, **changed}
        now = {name: value for name, value in both.items() if value is not None}
        if now != old:
            yield "output_config", now or ABSENT


def _beside(body: Fields, traits: Traits) -> Traits:
    """The facts, but for what no model takes beside the thinking that the client asks for."""
    thinks = object_or_empty(body.get("thinking")).get("type") in ("enabled", "adaptive")
    return traits.model_copy(update={"sampling": "none"}) if thinks else traits


def _thinking(wish: Thinking) -> Iterator[tuple[str, Any]]:
    yield "thinking", ABSENT if wish.thinking is None else wish.thinking


def written_format(format_: Format | None) -> dict[str, Any] | None:
    """The form of `output_config.format`; None where there is none to be enforced."""
    if format_ is None or format_.schema is None:
        return None
    try:
        return {"type": "json_schema", "schema": enforceable(format_.schema)}
    except RecursionError:
        raise refuse("response_format", "has a schema that is nested too deep") from None
