"""What commands are given, checked."""

import re

from llm_proxy.pipeline.named_together import named_together
from llm_proxy.pipeline.registry import did_you_mean
from llm_proxy.stages.commands.command import CommandError, Desk
from llm_proxy.stages.commands.parser import Call

_LONGEST_LINE = 1000
_LONGEST_TEXT = 10_000

_UNFIT_FOR_A_TEXT = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
"""Control characters, and halves of characters, which cannot be stored."""

_UNFIT_FOR_A_LINE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")


def one_argument(call: Call, desk: Desk, name: str) -> str | None:
    """The only argument, given alone or as `name=…`; None where there is none."""
    given = [*call.args, *(value for key, value in call.options.items() if key == name)]
    if len(given) > 1 or any(key != name for key in call.options):
        raise CommandError(f"{call.name} takes one {name} at most; {_see(call, desk)}")
    if not given:
        return None
    if not (value := line(given[0], name)):
        raise CommandError(f"the {name} is empty; {_see(call, desk)}")
    return value


def no_argument(call: Call, desk: Desk) -> None:
    """Nothing is to stand in the brackets."""
    if call.args or call.options:
        raise CommandError(f"{call.name} takes nothing; {_see(call, desk)}")


def line(value: str, name: str) -> str:
    """One line of reasonable length, without blanks around it; `name` is what errors call it."""
    value = value.strip()
    if len(value) > _LONGEST_LINE:
        raise CommandError(f"{name}: at most {_LONGEST_LINE} characters")
    if _UNFIT_FOR_A_LINE.search(value):
        raise CommandError(f"{name}: one line, please, without control characters")
    return value


def text(value: str, name: str) -> str:
    """A text that says something, of reasonable length."""
    if not value.strip():
        raise CommandError(f"{name}: an empty text says nothing")
    if len(value) > _LONGEST_TEXT:
        raise CommandError(f"{name}: at most {_LONGEST_TEXT} characters")
    if _UNFIT_FOR_A_TEXT.search(value):
        raise CommandError(f"{name}: no control characters, please")
    return value


def model_name(name: str, desk: Desk) -> str:
    """A model that can be asked: `backend:model`, a name with a route, several with `|` between
    them, or a model of the default backend."""
    try:
        parts = [name] if _is_route(name, desk) else named_together(name)
    except ValueError as error:
        raise CommandError(str(error)) from None
    for part in parts:
        if not _is_route(part, desk):
            _check_target(part, desk)
    return name


def target_name(name: str, desk: Desk) -> str:
    """One target of a route, as `backend:model`."""
    if "|" in name or _is_route(name, desk):
        raise CommandError(f'"{name}" is not one target; write backend:model')
    model_name(name, desk)
    return str(desk.kit.target_of(name))


def backend_name(name: str, desk: Desk) -> str:
    """A backend that is on, and that the caller may ask."""
    known = backends(desk)
    if (why := desk.kit.off.get(name)) and desk.exchange.grants.allow_backend(name):
        raise CommandError(f'the backend "{name}" is off: {why}')
    if name not in known:
        hint = did_you_mean(name, known) or f"; these are on: {', '.join(known)}"
        raise CommandError(f'no backend named "{name}"{hint}')
    return name


def backends(desk: Desk) -> list[str]:
    """The names of those that are on and that the caller may ask."""
    return [name for name in desk.kit.backends if desk.exchange.grants.allow_backend(name)]


def _is_route(name: str, desk: Desk) -> bool:
    edited = desk.state.routes.get(name)
    return name in desk.kit.named_models if edited is None else bool(edited)


def _check_target(name: str, desk: Desk) -> None:
    backend, separator, model = name.partition(":")
    # A prefix that is like no backend belongs to the model (`llama3:8b`).
    if separator and (backend in desk.kit.off or did_you_mean(backend, backends(desk))):
        backend_name(backend, desk)
        if not model:
            raise CommandError(f"which model of {backend}? Write {backend}:model")
    elif desk.kit.default_backend in desk.kit.off:
        backend_name(desk.kit.default_backend, desk)
    target = desk.kit.target_of(name)
    if not desk.exchange.grants.allow(target.backend, target.model):
        raise CommandError(f"you may not ask {target}")


def _see(call: Call, desk: Desk) -> str:
    return f"see {desk.prefix}help({call.name})"
