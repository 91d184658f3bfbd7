"""Commands typed into the chat: what another distribution needs to bring one, and the stage."""

from llm_proxy.stages.commands.command import Command, CommandError, Desk
from llm_proxy.stages.commands.parser import Call
from llm_proxy.stages.commands.stage import Commands

__all__ = ["Call", "Command", "CommandError", "Commands", "Desk"]
