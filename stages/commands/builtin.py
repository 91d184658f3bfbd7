"""The built-in commands."""

from functools import cache
from importlib.metadata import PackageNotFoundError, version

from llm_proxy.pipeline.params import PARAMS, canonical, parse_param
from llm_proxy.pipeline.registry import did_you_mean
from llm_proxy.stages.commands.command import Command, CommandError, Desk
from llm_proxy.stages.commands.parser import Call


class Hello(Command):
    """hello
    Says that the proxy is there."""

    name = "hello"

    def run(self, call: Call, desk: Desk) -> str:
        name = f"LLM Interactive Proxy {_version()}"
        return f"Hello, this is {name}. {desk.prefix}help lists commands."


class Help(Command):
    """help or help(command)
    Lists the commands, or explains one."""

    name = "help"

    def run(self, call: Call, desk: Desk) -> str:
        if not call.args:
            return "\n".join(
                f"- {command.usage(desk.prefix)}: {_first_sentence(command.about())}"
                for command in desk.commands.values()
            )
        name = call.args[0].removeprefix(desk.prefix).lower()
        if name not in desk.commands:
            hint = did_you_mean(name, list(desk.commands))
            raise CommandError(f"there is no command {desk.prefix}{name}{hint}")
        command = desk.commands[name]
        return f"{command.usage(desk.prefix)}\n\n{command.about()}"


class Model(Command):
    """model or model(name)
    Shows or sets the model this conversation talks to, whatever the client asks for. The name is
    a model, backend:model, or a route; unset(model) gives the choice back to the client."""

    name = "model"

    def run(self, call: Call, desk: Desk) -> str:
        if not call.args and not call.options:
            if desk.state.model is None:
                return "No model is set: the client's own choice is used."
            return f"The model is {desk.state.model}."
        name = call.options.get("name") or (call.args[0] if call.args else "")
        if not name:
            raise CommandError(f"which model? Write {desk.prefix}model(name)")
        desk.remember(model=name)
        return f"The model is now {name}."


class Set(Command):
    """set(temperature=0.5, max_tokens=1000)
    Sets parameters for the rest of this conversation, over whatever the client sends."""

    name = "set"

    def run(self, call: Call, desk: Desk) -> str:
        if call.args or not call.options:
            raise CommandError(f"write {desk.prefix}set(name=value); names: {', '.join(PARAMS)}")
        given = {canonical(name): text for name, text in call.options.items()}
        values = {name: _value(name, text) for name, text in given.items()}
        desk.remember(params={**desk.state.params, **values})
        return "Set " + ", ".join(f"{name} = {value}" for name, value in values.items()) + "."


class Unset(Command):
    """unset(temperature) or unset(model) or unset
    Forgets parameters, the model, or everything that was set in this conversation."""

    name = "unset"

    def run(self, call: Call, desk: Desk) -> str:
        names = [canonical(name) for name in call.args or call.options]
        if not names:
            desk.remember(model=None, params={})
            return "Everything that was set is forgotten."
        for name in names:
            if name != "model" and name not in PARAMS:
                hint = did_you_mean(name, ["model", *PARAMS])
                raise CommandError(f'there is no parameter "{name}"{hint}')
        if "model" in names:
            desk.remember(model=None)
        kept = {name: value for name, value in desk.state.params.items() if name not in names}
        desk.remember(params=kept)
        return f"Forgotten: {', '.join(names)}."


@cache
def _version() -> str:
    try:
        return version("llm-interactive-proxy")
    except PackageNotFoundError:
        return "(not installed)"


def _value(name: str, text: str) -> object:
    if name not in PARAMS:
        raise CommandError(f'there is no parameter "{name}"{did_you_mean(name, list(PARAMS))}')
    try:
        return parse_param(name, text)
    except ValueError as error:
        raise CommandError(f"{name}: {error}") from None


def _first_sentence(text: str) -> str:
    return text.partition(". ")[0].rstrip(".") + "."


BUILTIN: dict[str, type[Command]] = {
    command.name: command for command in (Hello, Help, Model, Set, Unset)
}
