"""Commands typed into the chat."""

from llm_proxy.stages.commands.stage import Commands

__all__ = ["Commands"]
