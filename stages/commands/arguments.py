"""What commands are given, checked."""

from llm_proxy.pipeline.registry import did_you_mean
from llm_proxy.stages.commands.command import CommandError, Desk
from llm_proxy.stages.commands.parser import Call

_LONGEST = 1000


def one_argument(call: Call, desk: Desk, name: str) -> str:
    """The only argument, given alone or as `name=…`; empty where there is none."""
    given = [*call.args, *(value for key, value in call.options.items() if key == name)]
    if len(given) > 1 or any(key != name for key in call.options):
        raise CommandError(
            f"{call.name} takes one {name} at most; see {desk.prefix}help({call.name})"
        )
    return line(given[0]) if given else ""


def no_argument(call: Call, desk: Desk) -> None:
    """Nothing is to stand in the brackets."""
    if any(call.args) or call.options:
        raise CommandError(f"{call.name} takes nothing; see {desk.prefix}help({call.name})")


def line(text: str) -> str:
    """A text of one line and of reasonable length, without blanks around it."""
    text = text.strip()
    if len(text) > _LONGEST:
        raise CommandError(f"that is longer than {_LONGEST} characters")
    if not text.isprintable():
        raise CommandError("that must be one line, without control characters")
    return text


def model_name(name: str, desk: Desk) -> str:
    """A model that can be asked: `backend:model`, a name with a route, several with `|` between
    them, or a model of the default backend."""
    if name in desk.kit.named_models or name in desk.state.routes:
        return name
    for part in name.split("|"):
        _check_target(part.strip(), desk)
    return name


def backend_name(name: str, desk: Desk) -> str:
    """A backend that is on."""
    known = desk.kit.backends
    if why := desk.kit.off.get(name):
        raise CommandError(f'the backend "{name}" is off: {why}')
    if name not in known:
        hint = did_you_mean(name, list(known)) or f"; there are {', '.join(known)}"
        raise CommandError(f'no backend named "{name}"{hint}')
    return name


def _check_target(name: str, desk: Desk) -> None:
    if not name:
        raise CommandError('between two "|" there must be a model')
    backend, separator, model = name.partition(":")
    # A prefix that is like no backend belongs to the model (`llama3:8b`).
    if separator and (backend in desk.kit.off or did_you_mean(backend, list(desk.kit.backends))):
        backend_name(backend, desk)
        if not model:
            raise CommandError(f"which model of {backend}? Write {backend}:model")
