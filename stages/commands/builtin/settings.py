"""Commands that set what is added to each request."""

from collections.abc import Mapping
from typing import Any

from llm_proxy.pipeline.params import PARAMS, canonical, parse_param
from llm_proxy.pipeline.registry import did_you_mean
from llm_proxy.pipeline.session_state import NOTHING
from llm_proxy.stages.commands.command import Command, CommandError, Desk
from llm_proxy.stages.commands.parser import Call

_ALIASES = {
    "thinking_budget": "reasoning_budget",
    "effort": "reasoning_effort",
    "suffix": "system_suffix",
}

_FIELDS = ("model", "backend", "oneoff", "system_suffix", "routes", "loop_detection", "project")
"""Fields of the session's state that `unset` forgets by their names."""

_MOST_CHARACTERS = 10_000


class Set(Command):
    """set(temperature=0.5, max_tokens=1000)
    Sets parameters for the rest of this conversation, over whatever the client sends. They are
    temperature, top_p, top_k, max_tokens, seed, presence_penalty, frequency_penalty,
    reasoning_effort, reasoning_budget (tokens to think with), verbosity, and system_suffix, a text
    that is added to the system prompt. What the model asked for does not take is left out, with a
    warning in a header."""

    name = "set"

    async def run(self, call: Call, desk: Desk) -> str:
        if call.args or not call.options:
            names = ", ".join([*PARAMS, "system_suffix"])
            raise CommandError(f"write {desk.prefix}set(name=value); names: {names}")
        given = {_canonical(name): text for name, text in call.options.items()}
        if len(given) < len(call.options):
            raise CommandError("one parameter is there twice, under two names")
        suffix = given.pop("system_suffix", None)
        values = {name: _value(name, text) for name, text in given.items()}
        changes: dict[str, Any] = {"params": _merged(desk.state.params, values)}
        if suffix is not None:
            changes["system_suffix"] = _suffix(suffix)
            values["system_suffix"] = suffix
        desk.remember(**changes)
        return "Set " + ", ".join(f"{name} = {value}" for name, value in values.items()) + "."


class Unset(Command):
    """unset(temperature) or unset(model) or unset
    Forgets parameters, the model, or everything that was set in this conversation. Besides the
    parameters there are model, backend, oneoff, system_suffix, routes, loop_detection and project
    (with its folder)."""

    name = "unset"

    async def run(self, call: Call, desk: Desk) -> str:
        names = [_canonical(name) for name in (*call.args, *call.options) if name]
        for name in names:
            if name not in _FIELDS and name not in PARAMS:
                hint = did_you_mean(name, [*_FIELDS, *PARAMS])
                raise CommandError(f'there is no parameter "{name}"{hint}')
        if not names:
            desk.remember(params={}, **_cleared(_FIELDS))
            return "Everything that was set is forgotten."
        kept = {name: value for name, value in desk.state.params.items() if name not in names}
        desk.remember(params=kept, **_cleared(names))
        return f"Forgotten: {', '.join(names)}."


def _cleared(names: tuple[str, ...] | list[str]) -> dict[str, Any]:
    fields = [name for name in names if name in _FIELDS]
    if "project" in fields:
        fields.append("project_dir")
    return {name: getattr(NOTHING, name) for name in fields}


def _canonical(name: str) -> str:
    name = canonical(name.strip().lower().replace("-", "_"))
    return _ALIASES.get(name, name)


def _merged(before: Mapping[str, Any], values: Mapping[str, Any]) -> Mapping[str, Any]:
    """How much to think is one wish, though it has two names: the newer one counts."""
    wish = {"reasoning_effort", "reasoning_budget"}
    outdated = wish if wish.intersection(values) else set[str]()
    return {**{name: v for name, v in before.items() if name not in outdated}, **values}


def _suffix(text: str) -> str:
    if not text.strip():
        raise CommandError(
            "system_suffix: an empty text says nothing; unset(system_suffix) ends it"
        )
    if len(text) > _MOST_CHARACTERS:
        raise CommandError(f"system_suffix: at most {_MOST_CHARACTERS} characters")
    return text


def _value(name: str, text: str) -> object:
    if name not in PARAMS:
        hint = did_you_mean(name, [*PARAMS, "system_suffix"])
        raise CommandError(f'there is no parameter "{name}"{hint}')
    try:
        return parse_param(name, text)
    except ValueError as error:
        raise CommandError(f"{name}: {error}") from None
