"""Settings that a stage has changed → the fields of a client's body that say them."""

from collections.abc import Mapping
from typing import Any

from llm_proxy.pipeline.dialects.efforts import asked_effort, with_fitting_effort
from llm_proxy.pipeline.dialects.losses import Losses
from llm_proxy.pipeline.dialects.openai_responses.read_params import (
    GROUPS,
    LOGPROBS,
    PLACES,
    USERS,
)
from llm_proxy.pipeline.dialects.sampling import with_fitting_changes
from llm_proxy.pipeline.dialects.structured import Format, asked_format
from llm_proxy.pipeline.json_values import is_list, object_or_empty
from llm_proxy.pipeline.request import Source
from llm_proxy.pipeline.traits import Traits

_UNSAYABLE = frozenset(
    {"stop", "seed", "presence_penalty", "frequency_penalty", "logit_bias", "top_k", "n"}
)
"""Settings that other dialects have."""

_NOTHING = (None, False)


def changed_params(
    new: Mapping[str, Any], source: Source, traits: Traits, losses: Losses
) -> dict[str, Any]:
    """A client's body with other settings."""
    changed = _Changed(source.body, losses)
    if new is not source.params:
        new = with_fitting_changes(new, source.params, traits, losses)
        new = with_fitting_effort(new, source.params, traits, losses)
        changed.change(new, source.params)
    return changed.body


class _Changed:
    """The body of one request, with its settings changed one by one."""

    def __init__(self, body: Mapping[str, Any], losses: Losses) -> None:
        self.body = dict(body)
        self._losses = losses

    def change(self, new: Mapping[str, Any], old: Mapping[str, Any]) -> None:
        """Write what differs between the settings."""
        for name in old:
            if name not in new:
                self._remove(name)
        for name, value in new.items():
            if name not in old or old[name] != value:
                self._set(name, value, new)

    def _set(self, name: str, value: Any, params: Mapping[str, Any]) -> None:
        match name:
            case "user":
                first, *others = [one for one in USERS if one in self.body] or list(USERS)
                self._put((first,), value)
                for other in others:
                    self.body.pop(other, None)
            case "reasoning_summary":
                self._put(PLACES[name], "auto" if value else None)
            case "reasoning_budget":
                self._put(PLACES["reasoning_effort"], asked_effort(params))
            case "response_format":
                format_ = asked_format({name: value})
                self._put(PLACES[name], None if format_ is None else written_format(format_))
            case "logprobs":
                self._include(wanted=bool(value))
            case _ if name in _UNSAYABLE and name not in self.body:
                if value not in _NOTHING:
                    self._losses.drop(name)
            case _:
                self._put(_place(name), value)

    def _remove(self, name: str) -> None:
        if name == "user":
            for one in USERS:
                self.body.pop(one, None)
        elif name == "logprobs":
            self._include(wanted=False)
        else:
            self._put(_place(name), None)

    def _put(self, place: tuple[str, ...], value: Any) -> None:
        """Set the field at a place; None takes it away."""
        first, *inside = place
        if not inside:
            group, name = self.body, first
        else:
            group, name = dict(object_or_empty(self.body.get(first))), inside[0]
        if value is None:
            group.pop(name, None)
        else:
            group[name] = value
        if group is self.body:
            return
        self.body[first] = group
        if not group:
            del self.body[first]

    def _include(self, *, wanted: bool) -> None:
        include = self.body.get("include")
        kept = [one for one in include if one != LOGPROBS] if is_list(include) else []
        self._put(("include",), ([*kept, LOGPROBS] if wanted else kept) or None)


def _place(name: str) -> tuple[str, ...]:
    if name in PLACES:
        return PLACES[name]
    group, dot, inside = name.partition(".")
    return (group, inside) if dot and group in GROUPS else (name,)


def written_format(format_: Format, *, strict: bool | None = None) -> dict[str, Any]:
    """The format of an answer, which other dialects put one level deeper."""
    if format_.schema is None:
        return {"type": "json_object"}
    written: dict[str, Any] = {
        "type": "json_schema",
        "name": format_.name,
        "schema": format_.schema,
    }
    if format_.description:
        written["description"] = format_.description
    strict = format_.strict if strict is None else strict
    return written if strict is None else {**written, "strict": strict}
