"""A request of another dialect → the body of a request for a response."""

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from llm_proxy.pipeline.dialects.dialect import Recipient, Written
from llm_proxy.pipeline.dialects.efforts import asked_effort, fitting_effort
from llm_proxy.pipeline.dialects.losses import Losses
from llm_proxy.pipeline.dialects.openai_responses.translate_turns import Items
from llm_proxy.pipeline.dialects.openai_responses.write_params import written_format
from llm_proxy.pipeline.dialects.openai_responses.write_tools import written_choice, written_tool
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
from llm_proxy.pipeline.parts import Text
from llm_proxy.pipeline.request import ChatRequest, Tool, ToolChoice

NAMING = Naming(re.compile(r"[A-Za-z0-9_-]{1,64}"), re.compile(r"[\x21-\x7e]{1,64}"))

_LEAST_OUTPUT = 16
"""Lower limits are refused."""


_AS_THEY_ARE = ("metadata", "prompt_cache_key", "parallel_tool_calls")

_UNSAYABLE = ("stop", "seed", "presence_penalty", "frequency_penalty", "logit_bias", "top_k")

_SAID = frozenset(
    {
        *("temperature", "top_p", "max_tokens", "n", "response_format", "user", "verbosity"),
        *("reasoning_effort", "reasoning_budget", "reasoning_summary", "logprobs", "top_logprobs"),
        *("service_tier", "store"),
        *_AS_THEY_ARE,
        *_UNSAYABLE,
    }
)

_TIERS = {"standard": "default", "standard_only": "default"}
"""Other vendors' words for a tier."""

_KNOWN_TIERS = ("auto", "default", "flex", "scale", "priority", "fast")

UNCOUNTED = frozenset(
    {
        *("access_programs", "background", "background_options", "context_management", "image"),
        *("include", "max_output_tokens", "max_tool_calls", "metadata", "moderation", "prompt"),
        *(
            "prompt_cache_key",
            "prompt_cache_options",
            "prompt_cache_retention",
            "safety_identifier",
        ),
        *("service_tier", "store", "stream", "stream_options", "temperature", "top_logprobs"),
        *("top_p", "user"),
    }
)
"""Fields that a request which only counts may not have."""


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
        self._params = request.params
        self._to = to
        self._traits = to.traits
        self._format = asked_format(request.params)

    def body(self) -> dict[str, Any]:
        """The whole request."""
        request = self._request
        leave_out(request, _SAID, self.losses)
        refuse_what_no_answer_can_hold(self._params)
        tools, choice = offered(request.tools, request.tool_choice, self.losses)
        body: dict[str, Any] = {"model": self._to.model, **self._conversation()}
        if request.stream:
            body["stream"] = True
        body |= self._sampling()
        body |= self._settings()
        body |= self._reasoning()
        body |= self._text()
        body |= self._tools(tools, choice)
        body = {**body, **self._traits.extra_body, **dict(set_by_rules(request, _SAID))}
        if request.counts_only:
            return {name: value for name, value in body.items() if name not in UNCOUNTED}
        return body

    def _conversation(self) -> dict[str, Any]:
        traits = self._traits
        talk = conversation(self._request, system_turns=traits.system_turns)
        if self._format and traits.structured != "schema":
            has_words = self._format.schema is not None or traits.structured == "none"
            added = (Text(self._format.instruction),) if has_words else ()
            talk = replace(talk, system=(*talk.system, *added))
        return Items(self._to, self.losses).written(NAMING.unambiguous(talk))

    def _sampling(self) -> Iterator[tuple[str, Any]]:
        sampling = {name: value for name, value in self._params.items() if name != "top_k"}
        yield from fitting_sampling(sampling, self._traits, self.losses)
        for name in _UNSAYABLE:
            if self._params.get(name) not in (None, [], {}):
                self.losses.drop(name)

    def _settings(self) -> Iterator[tuple[str, Any]]:
        params = self._params
        if (limit := asked_limit(params)) is not None:
            if limit < 1:
                raise refuse("max_tokens", "must be at least 1 for this backend")
            yield "max_output_tokens", max(limit, self._traits.min_output, _LEAST_OUTPUT)
        for name in _AS_THEY_ARE:
            if params.get(name) is not None and name != "parallel_tool_calls":
                yield name, params[name]
        if isinstance(user := params.get("user"), str) and user:
            yield "safety_identifier", short_user_id(user)
        if (tier := params.get("service_tier")) is not None:
            tier = _TIERS.get(str(tier), tier)
            if tier in _KNOWN_TIERS:
                yield "service_tier", tier
            else:
                self.losses.drop("service_tier")
        yield "store", params.get("store") is True
        yield from self._include()

    def _include(self) -> Iterator[tuple[str, Any]]:
        """What the answer is to hold besides: state for the next turn, where the model thinks."""
        include = [] if self._traits.thinking == "none" else ["reasoning.encrypted_content"]
        if include:
            yield "include", include

    def _reasoning(self) -> Iterator[tuple[str, Any]]:
        effort, summary = asked_effort(self._params), self._params.get("reasoning_summary")
        if self._traits.thinking == "none":
            if effort is not None:
                self.losses.drop("reasoning_effort")
            return
        reasoning: dict[str, Any] = {}
        if effort is not None:
            reasoning["effort"] = fitting_effort(effort, self._traits)
            summary = summary is not False and reasoning["effort"] != "none"
        if summary:
            reasoning["summary"] = "auto"
        if reasoning:
            yield "reasoning", reasoning

    def _text(self) -> Iterator[tuple[str, Any]]:
        text: dict[str, Any] = {}
        if self._format and self._traits.structured != "none":
            text["format"] = self._written_format(self._format)
        if (verbosity := self._params.get("verbosity")) is not None:
            text["verbosity"] = verbosity
        if text:
            yield "text", text

    def _written_format(self, format_: Format) -> dict[str, Any]:
        if format_.schema is None or self._traits.structured == "object":
            return {"type": "json_object"}
        strict = format_.strict is not False and can_be_strict(format_.schema)
        return written_format(format_, strict=strict)

    def _tools(
        self, tools: tuple[Tool, ...], choice: ToolChoice | None
    ) -> Iterator[tuple[str, Any]]:
        if not tools or (choice and choice.mode == "none" and self._traits.tool_choice != "full"):
            return
        sent = NAMING.tools(tools)
        yield "tools", [self._tool(tool) for tool in sent]
        if choice and (sent_choice := NAMING.choice(self._fitting(choice))):
            known = sent if self._traits.custom_tools else [as_function(t) for t in sent]
            yield "tool_choice", written_choice(sent_choice, known)
        if (parallel := self._params.get("parallel_tool_calls")) is not None:
            yield "parallel_tool_calls", parallel

    def _tool(self, tool: Tool) -> Any:
        tool = replace(tool, namespace=None)
        if tool.custom and self._traits.custom_tools:
            return written_tool(tool)
        if tool.custom:
            tool = as_function(tool)
        strict = bool(tool.strict) and can_be_strict(tool.parameters)
        if tool.strict and not strict:
            self.losses.change(f"strict of the tool {tool.name}", "false")
        return written_tool(tool, strict=strict)

    def _fitting(self, choice: ToolChoice) -> ToolChoice | None:
        takes = self._traits.tool_choice
        if takes == "full" or (choice.mode == "auto" and takes != "none"):
            return choice
        self.losses.change("tool_choice", "auto")
        return ToolChoice("auto") if takes == "auto" else None

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
