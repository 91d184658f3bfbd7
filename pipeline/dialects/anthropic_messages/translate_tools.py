"""The tools that a model is offered, and which of them it may or must call."""

from collections.abc import Iterator, Mapping
from typing import Any

from llm_proxy.pipeline.dialects.anthropic_messages.write_tools import written_choice, written_tool
from llm_proxy.pipeline.dialects.losses import Losses
from llm_proxy.pipeline.dialects.structured import Format, asked_format
from llm_proxy.pipeline.dialects.tool_naming import Naming, as_function, offered
from llm_proxy.pipeline.request import ChatRequest, Tool, ToolChoice
from llm_proxy.pipeline.traits import Traits

_JSON_TOOL = "json_output"
_JSON_ABOUT = "Gives the final answer. Call it exactly once, and write nothing beside it."


class Offer:
    """The tools of one request, under the names that are sent.

    A structured answer that the model cannot be held to otherwise is asked for as the arguments of
    one more tool, `json_tool`.
    """

    def __init__(
        self, request: ChatRequest, traits: Traits, naming: Naming, losses: Losses
    ) -> None:
        self._traits = traits
        self._losses = losses
        self.json_tool: str | None = None
        tools, choice = offered(request.tools, request.tool_choice, losses)
        tools, choice = _narrowed(tools, choice)
        if any(tool.strict for tool in tools):
            losses.drop("strict")
        self.tools = tuple(as_function(t) if t.custom else t for t in naming.tools(tools))
        self.choice = naming.choice(choice)
        format_ = asked_format(request.params)
        if format_ is not None and format_.schema is not None and traits.structured != "schema":
            self._add_json_tool(format_, format_.schema)
        self._fit_choice()

    @property
    def json_tool_is_sure(self) -> bool:
        """Whether the answer can be nothing but the structured one or a call."""
        return self.json_tool is not None and self._is_forced

    @property
    def forbids_thinking(self) -> bool:
        """Whether the model must call a tool and cannot think before it."""
        return self._is_forced and not self._traits.forced_tools_while_thinking

    @property
    def _is_forced(self) -> bool:
        return self.choice is not None and self.choice.mode == "required"

    def _add_json_tool(self, format_: Format, schema: Mapping[str, Any]) -> None:
        """Not beside a call that is forced already: the answer comes in a later turn."""
        if self._is_forced or self._traits.tool_choice != "full":
            return
        if self.choice is not None and self.choice.mode == "none":
            self.tools = ()
        names = {tool.name for tool in self.tools}
        name = _JSON_TOOL
        while name in names:
            name += "_"
        about = "\n\n".join(text for text in (_JSON_ABOUT, format_.description) if text)
        self.choice = ToolChoice("required", () if self.tools else (name,))
        self.tools = (*self.tools, Tool(name, schema, about))
        self.json_tool = name

    def _fit_choice(self) -> None:
        """A choice that the model takes."""
        traits, choice = self._traits, self.choice
        if choice is None or choice.mode == "auto":
            self.choice = None if traits.tool_choice == "none" else choice
            return
        if choice.mode == "none" and traits.tool_choice != "full":
            self.tools, self.choice = (), None
            return
        always_thinks = not traits.can_stop_thinking and traits.thinking != "none"
        clashes = always_thinks and not traits.forced_tools_while_thinking
        if choice.mode == "required" and (clashes or traits.tool_choice != "full"):
            if self.json_tool is None:
                self._losses.change("tool_choice", "auto")
            self.choice = None if traits.tool_choice == "none" else ToolChoice("auto")

    def fields(self, parallel: object) -> Iterator[tuple[str, Any]]:
        """`tools` and `tool_choice`."""
        if not self.tools:
            return
        yield "tools", [written_tool(tool) for tool in self.tools]
        if parallel is False and self._traits.tool_choice == "none":
            self._losses.drop("parallel_tool_calls")
            parallel = None
        if choice := written_choice(self.choice, parallel=parallel):
            yield "tool_choice", choice


def _narrowed(
    tools: tuple[Tool, ...], choice: ToolChoice | None
) -> tuple[tuple[Tool, ...], ToolChoice | None]:
    """The tools that may be called, where a choice names some of them; one is said by its name."""
    if choice is None or not choice.names:
        return tools, choice
    if choice.mode == "required" and len(choice.names) == 1:
        return tools, choice
    kept = tuple(tool for tool in tools if tool.name in choice.names)
    return (kept, ToolChoice(choice.mode)) if kept else (tools, ToolChoice(choice.mode))
