"""A request of another dialect → the body of a Messages request."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from llm_proxy.pipeline.dialects.anthropic_messages.cache_marks import limit_marks
from llm_proxy.pipeline.dialects.anthropic_messages.history import (
    calls_without_thinking,
    with_sendable_thinking,
)
from llm_proxy.pipeline.dialects.anthropic_messages.thinking import (
    DISABLED,
    Limit,
    Thinking,
    asked_thinking,
    default_limit,
    newest_wish,
)
from llm_proxy.pipeline.dialects.anthropic_messages.translate_tools import Offer
from llm_proxy.pipeline.dialects.anthropic_messages.translate_turns import Turns, written_turns
from llm_proxy.pipeline.dialects.anthropic_messages.write_blocks import written_blocks
from llm_proxy.pipeline.dialects.anthropic_messages.write_settings import (
    UNSAYABLE,
    to_tier,
    written_format,
)
from llm_proxy.pipeline.dialects.dialect import Recipient, Written
from llm_proxy.pipeline.dialects.losses import Losses
from llm_proxy.pipeline.dialects.sampling import fitting_sampling
from llm_proxy.pipeline.dialects.settings import (
    asked_limit,
    leave_out,
    refuse_what_no_answer_can_hold,
    set_by_rules,
)
from llm_proxy.pipeline.dialects.structured import asked_format
from llm_proxy.pipeline.dialects.tool_naming import Naming
from llm_proxy.pipeline.dialects.turns import Turn, conversation
from llm_proxy.pipeline.json_values import is_list
from llm_proxy.pipeline.parts import Text
from llm_proxy.pipeline.request import ChatRequest

_WORD = re.compile(r"[A-Za-z0-9_-]{1,128}")

NAMING = Naming(_WORD, _WORD)

_SAID = frozenset(
    {
        *("temperature", "top_p", "top_k", "max_tokens", "stop", "response_format", "user"),
        *("reasoning_effort", "reasoning_budget", "reasoning_summary", "parallel_tool_calls"),
        *("n", "logprobs", "top_logprobs", "service_tier", "store"),
        *UNSAYABLE,
    }
)
"""`store` is among them: nothing is stored here, whatever is asked."""

_COUNTED = frozenset(
    {"model", "messages", "system", "tools", "tool_choice", "thinking", "output_config"}
)
"""The fields of a request that only counts."""


def translated(
    request: ChatRequest, to: Recipient
) -> tuple[dict[str, Any], Callable[[bytes], Written]]:
    """The body, and what makes of its bytes all that is to be known of the request as sent."""
    translation = _Translation(request, to)
    return translation.body(), translation.written


class _Translation:
    def __init__(self, request: ChatRequest, to: Recipient) -> None:
        self._losses = Losses()
        self._request = with_sendable_thinking(request, to.maker, self._losses)
        self._to = to
        self._traits = to.traits
        self._params = newest_wish(request.params, request.source.params if request.source else {})
        self._format = asked_format(self._params)
        self._offer = Offer(self._request, to.traits, NAMING, self._losses)

    def body(self) -> dict[str, Any]:
        """The whole request."""
        request, traits = self._request, self._traits
        refuse_what_no_answer_can_hold(self._params)
        leave_out(request, _SAID, self._losses)
        talk = NAMING.unambiguous(conversation(request, system_turns=traits.system_turns))
        turns = Turns(traits, self._losses).fitting(talk.turns)
        thinking = self._thinking(turns)
        body: dict[str, Any] = {"model": self._to.model, "max_tokens": thinking.limit.tokens}
        if system := written_blocks([*_filled(talk.system), *self._instruction()]):
            body["system"] = system
        body["messages"] = written_turns(turns)
        body |= self._offer.fields(self._params.get("parallel_tool_calls"))
        body |= self._thought(thinking)
        limit_marks(body)
        if request.counts_only:
            return {name: value for name, value in body.items() if name in _COUNTED}
        body |= self._settings(thinking)
        if request.stream:
            body["stream"] = True
        return {**body, **traits.extra_body, **dict(set_by_rules(request, _SAID))}

    def _instruction(self) -> Iterator[Text]:
        """The format in words, where nothing enforces it."""
        if self._format is None or self._offer.json_tool_is_sure:
            return
        if self._format.schema is None or self._traits.structured != "schema":
            yield Text(self._format.instruction)

    def _limit(self) -> Limit:
        traits, limit = self._traits, asked_limit(self._params)
        if limit is None:
            return default_limit(traits)
        fitting = max(limit, traits.min_output) if limit else limit
        if traits.max_output is not None and fitting > traits.max_output:
            fitting = traits.max_output
            self._losses.change("max_tokens", str(fitting))
        return Limit(fitting)

    def _thinking(self, turns: Sequence[Turn]) -> Thinking:
        limit = self._limit()
        if self._offer.forbids_thinking:
            return self._no_thinking(limit)
        thinking = asked_thinking(self._params, self._traits, limit, self._losses)
        by_budget = thinking.is_on and self._traits.thinking == "budget"
        if by_budget and calls_without_thinking(turns):
            self._losses.change("reasoning_effort", "none, for earlier reasoning is missing")
            return Thinking(limit)
        return thinking

    def _no_thinking(self, limit: Limit) -> Thinking:
        """What thinks of its own accord is told not to."""
        if asked_thinking(self._params, self._traits, limit, Losses()).is_on:
            self._losses.change("reasoning_effort", "none, for a tool is forced")
        thinks_unasked = self._traits.thinking not in ("none", "budget")
        return Thinking(limit, DISABLED if thinks_unasked else None)

    def _thought(self, thinking: Thinking) -> Iterator[tuple[str, Any]]:
        config: dict[str, Any] = {}
        if thinking.thinking is not None:
            yield "thinking", thinking.thinking
        if thinking.effort is not None:
            config["effort"] = thinking.effort
        if self._traits.structured == "schema" and (format_ := written_format(self._format)):
            config["format"] = format_
        if config:
            yield "output_config", config

    def _settings(self, thinking: Thinking) -> Iterator[tuple[str, Any]]:
        params = self._params
        for name in sorted(UNSAYABLE - {"n"}):
            if params.get(name) not in (None, {}):
                self._losses.drop(name)
        yield from self._sampling(thinking)
        if stops := self._stops():
            yield "stop_sequences", stops
        if isinstance(user := params.get("user"), str) and user:
            yield "metadata", {"user_id": user}
        if (tier := params.get("service_tier")) is not None:
            if (known := to_tier(tier)) is None:
                self._losses.drop("service_tier")
            else:
                yield "service_tier", known

    def _sampling(self, thinking: Thinking) -> Iterator[tuple[str, Any]]:
        """Numbers up to 1, one of them alone unless the model is known to take both, and none
        beside thinking."""
        sampling = "none" if thinking.is_on else self._traits.sampling
        sampling = "one_of_unit" if sampling == "full" else sampling
        traits = self._traits.model_copy(update={"sampling": sampling})
        yield from fitting_sampling(self._params, traits, self._losses)

    def _stops(self) -> list[str]:
        asked = self._params.get("stop")
        stops = [stop for stop in asked if isinstance(stop, str)] if is_list(asked) else []
        kept = [stop for stop in stops if stop.strip()]
        if len(kept) < len(stops):
            self._losses.change("stop", "without those of blanks alone")
        most = self._traits.most_stops
        if most is not None and len(kept) > most:
            self._losses.change("stop", f"the first {most} sequences")
            kept = kept[:most]
        return kept

    def written(self, body: bytes) -> Written:
        """The body, with what is to be known when its answer comes."""
        tools = self._request.tools
        return Written(
            body,
            self._losses.told,
            NAMING.renamed(tools),
            frozenset(NAMING.name_of(tool.name) for tool in tools if tool.custom),
            self._offer.json_tool,
        )


def _filled(texts: Sequence[Text]) -> list[Text]:
    return [replace(text, origin=None) for text in texts if text.text.strip()]
