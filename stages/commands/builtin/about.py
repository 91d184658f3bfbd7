"""Commands about the proxy itself."""

from functools import cache
from importlib.metadata import PackageNotFoundError, version

from llm_proxy.stages.commands.arguments import no_argument, one_argument
from llm_proxy.stages.commands.command import Command, CommandError, Desk
from llm_proxy.stages.commands.parser import Call
from llm_proxy.stages.commands.unknown import unknown_command


class Help(Command):
    """help or help(command)
    Lists the commands that you may use, or explains one."""

    name = "help"

    async def run(self, call: Call, desk: Desk) -> str:
        wanted = one_argument(call, desk, "command")
        if wanted is None:
            return "\n".join(
                f"- {command.usage(desk.prefix)}: {command.summary(desk.prefix)}"
                for command in desk.commands.values()
            )
        name = wanted.removeprefix(desk.prefix).lower().replace("_", "-")
        if name not in desk.commands:
            raise CommandError(unknown_command(name, desk.commands, desk.prefix))
        command = desk.commands[name]
        return f"{command.usage(desk.prefix)}\n\n{command.about(desk.prefix)}"


class Hello(Command):
    """hello
    Says that the proxy is there."""

    name = "hello"

    async def run(self, call: Call, desk: Desk) -> str:
        no_argument(call, desk)
        more = f" {desk.prefix}help lists commands." if "help" in desk.commands else ""
        return f"Hello, this is LLM Interactive Proxy {_version()}.{more}"


class Version(Command):
    """version
    Tells the proxy's version."""

    name = "version"

    async def run(self, call: Call, desk: Desk) -> str:
        no_argument(call, desk)
        return f"LLM Interactive Proxy {_version()}"


@cache
def _version() -> str:
    try:
        return version("llm-interactive-proxy")
    except PackageNotFoundError:
        return "(not installed)"
