"""Commands that edit, for this conversation, what a model's name stands for."""

from collections.abc import Sequence

from llm_proxy.stages.commands.arguments import line, one_argument, target_name
from llm_proxy.stages.commands.command import Command, CommandError, Desk
from llm_proxy.stages.commands.parser import Call

_MOST_TARGETS = 16
_MOST_ROUTES = 50


class RouteList(Command):
    """route-list or route-list(name)
    Shows the targets that names of models stand for, in the order in which they are tried."""

    name = "route-list"

    async def run(self, call: Call, desk: Desk) -> str:
        wanted = one_argument(call, desk, "name")
        names = [wanted] if wanted else _routes(desk)
        if not names:
            return f"There are no routes. {desk.prefix}route-append(name, backend:model) makes one."
        return "\n".join(f"- {_told(name, desk)}" for name in names)


class RouteAppend(Command):
    """route-append(name, backend:model)
    Adds targets to the end of a route, for this conversation. Several have commas between them; one
    that is there already moves. A name that was no route becomes one, with what you add alone."""

    name = "route-append"

    async def run(self, call: Call, desk: Desk) -> str:
        name, added = _edit(call, desk)
        return _changed(name, [*_without(_targets(name, desk), added), *added], desk)


class RoutePrepend(Command):
    """route-prepend(name, backend:model)
    Adds targets to the beginning of a route, for this conversation, as `!/route-append` does to its
    end."""

    name = "route-prepend"

    async def run(self, call: Call, desk: Desk) -> str:
        name, added = _edit(call, desk)
        return _changed(name, [*added, *_without(_targets(name, desk), added)], desk)


class RouteClear(Command):
    """route-clear(name) or route-clear
    Empties a route for this conversation, so that its name stands for itself. Without a name, it
    forgets what was edited: every route is again as the proxy's file says."""

    name = "route-clear"

    async def run(self, call: Call, desk: Desk) -> str:
        name = one_argument(call, desk, "name")
        if name is None:
            desk.remember(routes={})
            return "All routes are as the file says."
        if not _targets(name, desk):
            raise CommandError(f'"{name}" is no route; {desk.prefix}route-list shows them')
        return _changed(name, [], desk)


def _routes(desk: Desk) -> list[str]:
    in_the_file = [name for name in desk.kit.named_models if _targets_in_the_file(name, desk)]
    return list(dict.fromkeys([*in_the_file, *desk.state.routes]))


def _edit(call: Call, desk: Desk) -> tuple[str, Sequence[str]]:
    """The route, and the targets to be added."""
    names = [line(value, "name") for value in call.args]
    if len(names) < 2 or not all(names) or call.options:  # noqa: PLR2004 - a name and a target
        raise CommandError(f"write {desk.prefix}{call.name}(name, backend:model)")
    route, *targets = names
    return route, list(dict.fromkeys(target_name(target, desk) for target in targets))


def _targets(name: str, desk: Desk) -> Sequence[str]:
    """What the name stands for by now; nothing if for itself."""
    edited = desk.state.routes.get(name)
    return _targets_in_the_file(name, desk) if edited is None else edited


def _targets_in_the_file(name: str, desk: Desk) -> Sequence[str]:
    """Those that the caller may ask, as there are no others for it."""
    targets, grants = desk.kit.named_models.get(name, ()), desk.exchange.grants
    return [str(target) for target in targets if grants.allow(target.backend, target.model)]


def _without(targets: Sequence[str], added: Sequence[str]) -> list[str]:
    return [target for target in targets if target not in added]


def _changed(name: str, targets: Sequence[str], desk: Desk) -> str:
    routes = {key: edited for key, edited in desk.state.routes.items() if key != name}
    if targets != _targets_in_the_file(name, desk):
        routes[name] = tuple(targets)
    if len(targets) > _MOST_TARGETS:
        raise CommandError(f"at most {_MOST_TARGETS} targets in a route, please")
    if len(routes) > _MOST_ROUTES:
        raise CommandError(f"at most {_MOST_ROUTES} edited routes, please")
    desk.remember(routes=routes)
    return f"{_told(name, desk)}."


def _told(name: str, desk: Desk) -> str:
    targets = " → ".join(_targets(name, desk)) or "itself"
    edited = " (edited in this conversation)" if name in desk.state.routes else ""
    return f"{name} stands for {targets}{edited}"
