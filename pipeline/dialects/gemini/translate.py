"""A request of another dialect → the body of a request to generate."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from llm_proxy.pipeline.dialects.dialect import Recipient, Written
from llm_proxy.pipeline.dialects.gemini.call_ids import NAMING
from llm_proxy.pipeline.dialects.gemini.json_schema import cleaned
from llm_proxy.pipeline.dialects.gemini.places import OF_GENERATION, tier_sent
from llm_proxy.pipeline.dialects.gemini.read_settings import JSON
from llm_proxy.pipeline.dialects.gemini.thinking import thinking_of, thinks
from llm_proxy.pipeline.dialects.gemini.translate_turns import Contents
from llm_proxy.pipeline.dialects.gemini.write_parts import texts
from llm_proxy.pipeline.dialects.gemini.write_settings import Settings
from llm_proxy.pipeline.dialects.gemini.write_tools import written_choice, written_tools
from llm_proxy.pipeline.dialects.losses import Losses
from llm_proxy.pipeline.dialects.sampling import fitting_sampling
from llm_proxy.pipeline.dialects.settings import (
    asked_limit,
    leave_out,
    refuse,
    refuse_what_no_answer_can_hold,
    set_by_rules,
)
from llm_proxy.pipeline.dialects.structured import asked_format
from llm_proxy.pipeline.dialects.tool_naming import as_function, offered
from llm_proxy.pipeline.dialects.turns import Conversation, conversation
from llm_proxy.pipeline.json_values import is_object
from llm_proxy.pipeline.parts import Text
from llm_proxy.pipeline.request import ChatRequest, Tool, ToolChoice

_PENALTIES = ("presence_penalty", "frequency_penalty")
_LOGPROBS = ("logprobs", "top_logprobs")

_SAID = frozenset(
    {
        *("temperature", "top_p", "top_k", "max_tokens", "stop", "seed", "n", "store"),
        *("reasoning_effort", "reasoning_budget", "reasoning_summary"),
        *("response_format", "service_tier", "parallel_tool_calls"),
        *_PENALTIES,
        *_LOGPROBS,
    }
)

_MOST_STOPS = 5


def translated(
    request: ChatRequest, to: Recipient
) -> tuple[dict[str, Any], Callable[[bytes], Written]]:
    """The body, and what makes of its bytes all that is to be known of the request as sent."""
    translation = _Translation(request, to)
    return translation.body(), translation.written


def _merged(fields: Mapping[str, Any], more: Mapping[str, Any]) -> dict[str, Any]:
    """Fields with others, of which objects are added to field by field."""
    merged = dict(fields)
    for name, value in more.items():
        old = merged.get(name)
        merged[name] = _merged(old, value) if is_object(old) and is_object(value) else value
    return merged


class _Translation:
    def __init__(self, request: ChatRequest, to: Recipient) -> None:
        self._losses = Losses()
        self._request = request
        self._to = to
        self._traits = to.traits
        self._format = asked_format(request.params)

    def body(self) -> dict[str, Any]:
        """The whole request, but for what stands in the path."""
        params = self._request.params
        leave_out(self._request, _SAID, self._losses)
        refuse_what_no_answer_can_hold(params)
        tools, choice = offered(self._request.tools, self._request.tool_choice, self._losses)
        talk = NAMING.conversation(self._conversation())
        body: dict[str, Any] = {"contents": Contents(self._to, self._losses).written(talk)}
        if talk.system:
            body["systemInstruction"] = {"parts": texts(talk.system)}
        body |= self._tools(tools, choice)
        if generation := {**dict(self._generation()), **self._thinking()}:
            body["generationConfig"] = generation
        if tier := params.get("service_tier"):
            body |= self._tier(tier)
        if isinstance(store := params.get("store"), bool):
            body["store"] = store
        body = _merged(body, self._traits.extra_body)
        rules = dict(set_by_rules(self._request, _SAID))
        Settings(body, self._traits, self._losses).change(rules, {})
        return body

    def _conversation(self) -> Conversation:
        talk = conversation(self._request, system_turns=False)
        if self._format is None or self._traits.structured == "schema":
            return talk
        if self._format.schema is None and self._traits.structured == "object":
            return talk
        return replace(talk, system=(*talk.system, Text(self._format.instruction)))

    def _generation(self) -> Iterator[tuple[str, Any]]:
        params = self._request.params
        for name, value in fitting_sampling(params, self._traits, self._losses):
            yield OF_GENERATION[name], value
        if (limit := asked_limit(params)) is not None:
            if limit < 1:
                raise refuse("max_tokens", "must be at least 1 for this backend")
            yield "maxOutputTokens", max(limit, self._traits.min_output)
        if stops := params.get("stop"):
            yield "stopSequences", self._stops(stops)
        if params.get("seed") is not None:
            yield "seed", params["seed"]
        yield from self._penalties()
        yield from self._structured()

    def _penalties(self) -> Iterator[tuple[str, Any]]:
        for name in _PENALTIES:
            value = self._request.params.get(name)
            if value is not None and self._traits.penalties:
                yield OF_GENERATION[name], value
            elif value:
                self._losses.drop(name)

    def _structured(self) -> Iterator[tuple[str, Any]]:
        if self._format is None or self._traits.structured == "none":
            return
        yield "responseMimeType", JSON
        if self._format.schema is not None and self._traits.structured == "schema":
            yield "responseJsonSchema", cleaned(self._format.schema)

    def _stops(self, stops: list[str]) -> list[str]:
        most = self._traits.most_stops or _MOST_STOPS
        if len(stops) > most:
            self._losses.change("stop", f"the first {most} sequences")
        return list(stops[:most])

    def _thinking(self) -> dict[str, Any]:
        params = self._request.params
        if self._traits.thinking == "none":
            if thinks(params):
                self._losses.drop("reasoning_effort")
            return {}
        fields = thinking_of(params, self._traits)
        is_off = bool(fields) and not thinks(params)
        if not is_off and (fields or params.get("reasoning_summary") is True):
            fields["includeThoughts"] = True
        return {"thinkingConfig": fields} if fields else {}

    def _tier(self, tier: object) -> dict[str, Any]:
        sent = tier_sent(tier)
        if sent is None and tier != "auto":
            self._losses.drop("service_tier")
        return {} if sent is None else {"serviceTier": sent}

    def _tools(
        self, tools: tuple[Tool, ...], choice: ToolChoice | None
    ) -> Iterator[tuple[str, Any]]:
        if not tools:
            return
        sent = NAMING.tools([as_function(tool) if tool.custom else tool for tool in tools])
        yield "tools", written_tools(sent)
        if choice and (fitting := NAMING.choice(self._fitting(choice))):
            yield "toolConfig", {"functionCallingConfig": written_choice(fitting)}
        if self._request.params.get("parallel_tool_calls") is False:
            self._losses.drop("parallel_tool_calls")

    def _fitting(self, choice: ToolChoice) -> ToolChoice | None:
        if self._traits.tool_choice == "full":
            return choice
        if choice != ToolChoice("auto"):
            self._losses.change("tool_choice", "auto")
        return ToolChoice("auto") if self._traits.tool_choice == "auto" else None

    def written(self, body: bytes) -> Written:
        """The body, with what is to be known when its answer comes."""
        tools = self._request.tools
        customs = frozenset(NAMING.name_of(tool.name) for tool in tools if tool.custom)
        return Written(body, self._losses.told, NAMING.renamed(tools), customs)
