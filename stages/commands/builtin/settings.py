"""Commands that set what is added to each request."""

from collections.abc import Iterable
from textwrap import shorten
from typing import Any

from llm_proxy.pipeline.params import PARAMS, canonical, overlaid, parse_param
from llm_proxy.pipeline.registry import did_you_mean
from llm_proxy.pipeline.session_state import NOTHING
from llm_proxy.stages.commands.arguments import text
from llm_proxy.stages.commands.command import Command, CommandError, Desk
from llm_proxy.stages.commands.parser import Call

_ALIASES = {
    "thinking_budget": "reasoning_budget",
    "effort": "reasoning_effort",
    "suffix": "system_suffix",
}

_SETTINGS = (*PARAMS, "system_suffix")

_FIELDS = (
    *("model", "backend", "oneoff", "system_suffix", "routes"),
    *("loop_detection", "project", "project_dir"),
)
"""Fields of the session's state that `unset` forgets by their names."""

_LONGEST_TOLD = 200


class Set(Command):
    """set(temperature=0.5, max_tokens=1000)
    Sets parameters for the rest of this conversation, over whatever the client sends. They are
    `temperature`, `top_p`, `top_k`, `max_tokens`, `seed`, `presence_penalty`, `frequency_penalty`,
    `reasoning_effort`, `reasoning_budget` (tokens to think with), `verbosity`, and `system_suffix`,
    a text that is added to the system prompt. What the model asked for does not take is left out,
    with a warning in a header."""

    name = "set"

    async def run(self, call: Call, desk: Desk) -> str:
        if call.args or not call.options:
            names = ", ".join(_SETTINGS)
            raise CommandError(f"write {desk.prefix}set(name=value); names: {names}")
        given = {_canonical(name): value for name, value in call.options.items()}
        if len(given) < len(call.options):
            raise CommandError("one parameter is there twice, under two names")
        values = {name: _value(name, value) for name, value in given.items()}
        told = ", ".join(f"{name} = {_told(name, value)}" for name, value in values.items())
        if "system_suffix" in values:
            desk.remember(system_suffix=values.pop("system_suffix"))
        desk.remember(params=overlaid(desk.state.params, values))
        return f"Set {told}."


class Unset(Command):
    """unset(temperature) or unset(model) or unset
    Forgets parameters, the model, or everything that was set in this conversation. Besides the
    parameters there are `model`, `backend`, `oneoff`, `system_suffix`, `routes`, `loop_detection`,
    `project` (with its folder) and `project_dir`."""

    name = "unset"

    async def run(self, call: Call, desk: Desk) -> str:
        names = list(dict.fromkeys(_canonical(name) for name in (*call.args, *call.options)))
        known = list(dict.fromkeys((*_SETTINGS, *_FIELDS)))
        for name in names:
            if name not in known:
                raise CommandError(_no_parameter(name, known))
        if not names:
            desk.remember(params={}, **_cleared(_FIELDS))
            return "Everything that was set is forgotten."
        kept = {name: value for name, value in desk.state.params.items() if name not in names}
        desk.remember(params=kept, **_cleared(names))
        return f"Forgotten: {', '.join(names)}."


def _cleared(names: Iterable[str]) -> dict[str, Any]:
    fields = {name for name in names if name in _FIELDS}
    if "project" in fields:
        fields.add("project_dir")
    return {name: getattr(NOTHING, name) for name in fields}


def _canonical(name: str) -> str:
    name = canonical(name.strip().lower().replace("-", "_"))
    return _ALIASES.get(name, name)


def _value(name: str, given: str) -> Any:
    if name == "system_suffix":
        return text(given, name)
    if name not in PARAMS:
        raise CommandError(_no_parameter(name, _SETTINGS))
    try:
        return parse_param(name, given)
    except ValueError as error:
        raise CommandError(str(error).replace("Input", name, 1)) from None


def _told(name: str, value: Any) -> str:
    if name != "system_suffix":
        return str(value)
    return f'"{shorten(value, _LONGEST_TOLD, placeholder=" …")}"'


def _no_parameter(name: str, known: Iterable[str]) -> str:
    return f'there is no parameter "{name}"{did_you_mean(name, list(known))}'
