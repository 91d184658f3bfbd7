"""The built-in commands: one line each, in the order of `help`."""

from llm_proxy.stages.commands.builtin.about import Hello, Help, Version
from llm_proxy.stages.commands.builtin.conversation import (
    LoopDetection,
    New,
    Project,
    ProjectDir,
    Pwd,
)
from llm_proxy.stages.commands.builtin.insight import Limits, Status, Usage, Why
from llm_proxy.stages.commands.builtin.models import Backend, Model, Oneoff
from llm_proxy.stages.commands.builtin.routes import (
    RouteAppend,
    RouteClear,
    RouteList,
    RoutePrepend,
)
from llm_proxy.stages.commands.builtin.settings import Set, Unset
from llm_proxy.stages.commands.command import Command

_COMMANDS: tuple[type[Command], ...] = (
    *(Help, Hello, Status, Model, Backend, Oneoff, Set, Unset),
    *(RouteList, RouteAppend, RoutePrepend, RouteClear),
    *(LoopDetection, Project, ProjectDir, Pwd, Usage, Limits, New, Why, Version),
)

BUILTIN: dict[str, type[Command]] = {command.name: command for command in _COMMANDS}
