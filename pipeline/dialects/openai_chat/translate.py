"""A request of another dialect → the body of a chat completion request."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from llm_proxy.pipeline.dialects.dialect import Recipient, Written
from llm_proxy.pipeline.dialects.efforts import asked_effort, fitting_effort
from llm_proxy.pipeline.dialects.losses import Losses
from llm_proxy.pipeline.dialects.openai_chat.translate_messages import Messages
from llm_proxy.pipeline.dialects.openai_chat.write_tools import written_choice, written_tool
from llm_proxy.pipeline.dialects.sampling import fitting_sampling
from llm_proxy.pipeline.dialects.settings import (
    asked_limit,
    leave_out,
    refuse,
    refuse_what_no_answer_can_hold,
    set_by_rules,
    short_user_id,
)
from llm_proxy.pipeline.dialects.structured import Format, asked_format, can_be_strict
from llm_proxy.pipeline.dialects.tool_naming import Naming, as_function, offered
from llm_proxy.pipeline.dialects.turns import conversation
from llm_proxy.pipeline.json_values import is_list
from llm_proxy.pipeline.parts import Text
from llm_proxy.pipeline.request import ChatRequest, Tool, ToolChoice

NAMING = Naming(re.compile(r"[A-Za-z0-9_-]{1,64}"), re.compile(r"[\x21-\x7e]{1,40}"))

_AS_THEY_ARE = ("seed", "logit_bias")
_PENALTIES = ("presence_penalty", "frequency_penalty")
_OPENAI_ONLY = ("metadata", "service_tier", "verbosity", "prompt_cache_key", "store")

_SAID = frozenset(
    {
        *("temperature", "top_p", "top_k", "max_tokens", "stop", "response_format", "user"),
        *(
            "n",
            "logprobs",
            "top_logprobs",
            "reasoning_effort",
            "reasoning_budget",
            "reasoning_summary",
            "parallel_tool_calls",
        ),
        *_AS_THEY_ARE,
        *_PENALTIES,
        *_OPENAI_ONLY,
    }
)


_MOST_TOKENS = 2**31 - 1


def translated(
    request: ChatRequest, to: Recipient
) -> tuple[dict[str, Any], Callable[[bytes], Written]]:
    """The body, and what makes of its bytes all that is to be known of the request as sent."""
    translation = _Translation(request, to)
    return translation.body(), translation.written


class _Translation:
    def __init__(self, request: ChatRequest, to: Recipient) -> None:
        self.losses = Losses()
        self._request = request
        self._to = to
        self._traits = to.traits
        self._format = asked_format(request.params)

    def body(self) -> dict[str, Any]:
        """The whole request."""
        request = self._request
        refuse_what_no_answer_can_hold(request.params)
        leave_out(request, _SAID, self.losses)
        tools, choice = offered(request.tools, request.tool_choice, self.losses)
        body: dict[str, Any] = {"model": self._to.model, "messages": self._messages()}
        if request.stream:
            body["stream"] = True
            if self._to.stream_usage:
                body["stream_options"] = {"include_usage": True}
        body |= fitting_sampling(request.params, self._traits, self.losses)
        body |= self._params()
        body |= self._reasoning()
        body |= self._tools(tools, choice)
        return {**body, **self._traits.extra_body, **dict(set_by_rules(request, _SAID))}

    def _messages(self) -> list[dict[str, Any]]:
        traits = self._traits
        system_turns = traits.system_turns and not traits.system_first
        talk = conversation(self._request, system_turns=system_turns)
        if self._format and self._traits.structured != "schema":
            has_words = self._format.schema is not None or traits.structured == "none"
            added = (Text(self._format.instruction),) if has_words else ()
            talk = replace(talk, system=(*talk.system, *added))
        return Messages(self._to, self.losses).written(NAMING.unambiguous(talk))

    def _params(self) -> Iterator[tuple[str, Any]]:
        params, traits = self._request.params, self._traits
        if (limit := asked_limit(params)) is not None:
            yield traits.max_tokens_field, self._limit(limit)
        if stops := params.get("stop"):
            yield "stop", self._stops(list(stops) if is_list(stops) else [str(stops)])
        yield from self._taken(_AS_THEY_ARE, taken=True)
        yield from self._taken(_PENALTIES, taken=traits.penalties)
        yield from self._taken(_OPENAI_ONLY, taken=traits.openai_fields)
        if isinstance(user := params.get("user"), str):
            yield from self._user(user)
        if self._format and traits.structured != "none":
            yield "response_format", self._response_format(self._format)

    def _taken(self, names: Sequence[str], *, taken: bool) -> Iterator[tuple[str, Any]]:
        for name in names:
            value = self._request.params.get(name)
            if value is None:
                continue
            if taken:
                yield name, value
            elif name != "store":  # nothing is stored elsewhere, whatever is asked
                self.losses.drop(name)

    def _user(self, user: str) -> Iterator[tuple[str, Any]]:
        if self._traits.openai_fields:
            yield "user", short_user_id(user)
        else:
            self.losses.drop("user")

    def _limit(self, limit: int) -> int:
        if limit < 1:
            raise refuse("max_tokens", "must be at least 1 for this backend")
        if limit < self._traits.min_output:
            self.losses.change("max_tokens", str(self._traits.min_output))
        return min(max(limit, self._traits.min_output), _MOST_TOKENS)

    def _stops(self, stops: list[str]) -> list[str]:
        most = self._traits.most_stops
        if most is not None and len(stops) > most:
            self.losses.change("stop", f"the first {most} sequences")
            return stops[:most]
        return stops

    def _response_format(self, format_: Format) -> dict[str, Any]:
        if format_.schema is None or self._traits.structured == "object":
            return {"type": "json_object"}
        strict = format_.strict is not False and can_be_strict(format_.schema)
        schema = {"name": format_.name, "schema": format_.schema, "strict": strict}
        if format_.description:
            schema["description"] = format_.description
        return {"type": "json_schema", "json_schema": schema}

    def _reasoning(self) -> Iterator[tuple[str, Any]]:
        effort = asked_effort(self._request.params)
        if effort is None:
            return
        fitting = fitting_effort(effort, self._traits)
        match self._traits.thinking:
            case "reasoning_object":
                yield "reasoning", {"effort": fitting}
            case "switch":
                yield "thinking", {"type": "disabled" if fitting == "none" else "enabled"}
                if fitting != "none" and self._traits.efforts:
                    yield "reasoning_effort", fitting
            case "none":
                self.losses.drop("reasoning_effort")
            case _:
                yield "reasoning_effort", fitting

    def _tools(
        self, tools: tuple[Tool, ...], choice: ToolChoice | None
    ) -> Iterator[tuple[str, Any]]:
        traits = self._traits
        if not tools or (choice and choice.mode == "none" and traits.tool_choice != "full"):
            return
        choice = choice and self._fitting(choice)
        if choice and choice.names and not self._can_name(choice):
            tools = tuple(tool for tool in tools if tool.name in choice.names) or tools
            choice = ToolChoice(choice.mode)
        yield "tools", [self._tool(tool) for tool in NAMING.tools(tools)]
        if choice and traits.tool_choice != "none" and (sent := NAMING.choice(choice)):
            customs = [tool.name for tool in NAMING.tools(tools) if tool.custom]
            yield "tool_choice", written_choice(sent, customs if traits.custom_tools else ())
        if (parallel := self._request.params.get("parallel_tool_calls")) is not None:
            if traits.openai_fields:
                yield "parallel_tool_calls", parallel
            elif parallel is False:
                self.losses.drop("parallel_tool_calls")

    def _tool(self, tool: Tool) -> Mapping[str, Any]:
        if tool.custom and not self._traits.custom_tools:
            tool = as_function(tool)
        if tool.custom:
            return written_tool(tool)
        if tool.strict and not can_be_strict(tool.parameters) and self._traits.openai_fields:
            self.losses.change(f"strict of {tool.name}", "false")
            tool = replace(tool, strict=False)
        parameters = {"type": "object", **(tool.parameters or {"properties": {}})}
        return written_tool(replace(tool, parameters=parameters), strict=self._traits.openai_fields)

    def _fitting(self, choice: ToolChoice) -> ToolChoice:
        """The choice as far as the model takes one; only the tools it names are offered then."""
        if choice.mode == "required" and self._traits.tool_choice != "full":
            self.losses.change("tool_choice", "auto")
            return replace(choice, mode="auto")
        return choice

    def _can_name(self, choice: ToolChoice) -> bool:
        """Whether the choice itself can say which tools may be called."""
        is_one = choice.mode == "required" and len(choice.names) == 1
        return self._traits.tool_choice == "full" and (self._traits.openai_fields or is_one)

    def written(self, body: bytes) -> Written:
        """The body, with what is to be known when its answer comes."""
        tools = self._request.tools
        customs = () if self._traits.custom_tools else (tool for tool in tools if tool.custom)
        return Written(
            body,
            self.losses.told,
            NAMING.renamed(tools),
            frozenset(NAMING.name_of(tool.name) for tool in customs),
        )
