"""Commands about the conversation as such."""

from pathlib import PurePosixPath, PureWindowsPath

from llm_proxy.pipeline.session_state import LOOP_DETECTION
from llm_proxy.stages.commands.arguments import no_argument, one_argument
from llm_proxy.stages.commands.command import Command, CommandError, Desk
from llm_proxy.stages.commands.parser import Call


class LoopDetection(Command):
    """loop-detection or loop-detection(mode)
    Shows or sets whether answers that repeat themselves are stopped in this conversation. The mode
    is `on`, `off`, or what is to be done: `stop`, `retry`, `failover` or `warn`.
    `!/unset(loop_detection)` leaves it to the proxy's file again."""

    name = "loop-detection"

    async def run(self, call: Call, desk: Desk) -> str:
        mode = one_argument(call, desk, "mode")
        if mode is None:
            return f"Loop detection: {desk.state.loop_detection or 'as the file says'}."
        if (mode := mode.lower()) not in LOOP_DETECTION:
            raise CommandError(f'there is no mode "{mode}", only {", ".join(LOOP_DETECTION)}')
        desk.remember(loop_detection=mode)
        return f"Loop detection is now {mode}."


class Project(Command):
    """project or project(name)
    Shows or sets the name of the project this conversation is about. It is told in the log."""

    name = "project"

    async def run(self, call: Call, desk: Desk) -> str:
        name = one_argument(call, desk, "name")
        if name is None:
            return f"The project is {desk.state.project}." if desk.state.project else _NO_PROJECT
        desk.remember(project=name)
        return f"The project is now {name}."


class ProjectDir(Command):
    """project-dir or project-dir(path)
    Shows or sets the folder of the project, on the client's machine. The path is absolute, or
    begins with `~`."""

    name = "project-dir"

    async def run(self, call: Call, desk: Desk) -> str:
        path = one_argument(call, desk, "path")
        if path is None:
            return _folder(desk)
        if not _is_absolute(path):
            raise CommandError(f'"{path}" is no absolute path')
        desk.remember(project_dir=path)
        return f"The folder is now {path}"


class Pwd(Command):
    """pwd
    Shows the folder of the project."""

    name = "pwd"

    async def run(self, call: Call, desk: Desk) -> str:
        no_argument(call, desk)
        return _folder(desk)


class New(Command):
    """new
    Forgets the session: all that was set in this conversation, and what it has used."""

    name = "new"

    async def run(self, call: Call, desk: Desk) -> str:
        no_argument(call, desk)
        desk.forget()
        return "The session is forgotten."


_NO_PROJECT = "No project is set."


def _folder(desk: Desk) -> str:
    return desk.state.project_dir or "No folder is set."


def _is_absolute(path: str) -> bool:
    """On whatever system the client runs."""
    kinds = (PurePosixPath, PureWindowsPath)
    return path.startswith("~") or any(kind(path).is_absolute() for kind in kinds)
