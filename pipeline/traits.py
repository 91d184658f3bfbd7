"""What a model at a vendor takes and what it refuses: facts that change with every release.

They are data: the built-in ones lie in `backends/traits.toml`, and a backend's table in the
configuration may set any of them for a server of one's own.
"""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

Effort = Literal["none", "minimal", "low", "medium", "high", "xhigh", "max"]


class Traits(BaseModel):
    """The facts of one model that a request is written after. Translated requests heed them.
    A client that speaks the vendor's own dialect knows what it asks for: there they decide only
    about what stages have set."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    max_tokens_field: Literal["max_tokens", "max_completion_tokens"] = Field(
        default="max_tokens", description="Chat Completions: the name of the limit."
    )
    max_output: int | None = Field(
        default=None, description="The most tokens of an answer; asked for where a limit is due."
    )
    min_output: int = Field(default=1, description="The least limit that is not refused.")
    sampling: Literal["full", "unit", "one_of_unit", "none"] = Field(
        default="full",
        description="temperature and top_p: from 0 to 2, to 1, to 1 and only one of them, refused.",
    )
    top_k: bool = Field(default=True, description="Takes top_k.")
    penalties: bool = Field(default=True, description="Takes presence and frequency penalties.")
    most_stops: int | None = Field(default=None, description="The most stop sequences.")
    thinking: Literal[
        "none", "effort", "budget", "adaptive", "level", "switch", "reasoning_object"
    ] = Field(
        default="effort",
        description="How an effort is said: not at all, by its name, by tokens, by name beside "
        "adaptive thinking, by a level, beside a switch {type: enabled}, in an object.",
    )
    can_stop_thinking: bool = Field(default=True, description="Takes the effort `none`.")
    efforts: tuple[Effort, ...] = Field(
        default=("minimal", "low", "medium", "high", "xhigh", "max"),
        description="The efforts it knows besides `none`, rising.",
    )
    effort_as: dict[Effort, Effort] = Field(
        default_factory=dict[Effort, Effort],
        description="Efforts that become another one than the nearest it knows.",
    )
    system_turns: bool = Field(
        default=True, description="Takes system turns in the middle of a conversation."
    )
    tool_choice: Literal["full", "auto", "none"] = Field(
        default="full", description="Which tool choices it takes: any, only `auto`, none."
    )
    signed_thinking: bool = Field(
        default=False, description="Refuses earlier reasoning without its signature."
    )
    forced_tools_while_thinking: bool = Field(
        default=True, description="Can be made to call a tool while it thinks."
    )
    openai_fields: bool = Field(
        default=False,
        description="Chat Completions: takes the fields of OpenAI's own API that its imitators "
        "refuse (parallel_tool_calls, a tool's strict, user, metadata, service_tier, verbosity, "
        "prompt_cache_key, store).",
    )
    structured: Literal["schema", "object", "none"] = Field(
        default="schema", description="Structured output: by a schema, any object, not at all."
    )
    custom_tools: bool = Field(default=False, description="Takes tools whose input is free text.")
    image_urls: bool = Field(default=True, description="Fetches images by their URL itself.")
    media_in_results: bool = Field(
        default=False, description="Takes images in what tools give back."
    )
    cache_marks: Literal["none", "breakpoint", "cache_control"] = Field(
        default="none", description="Chat Completions: how a part is marked for the cache."
    )
    reasoning_field: Literal["", "reasoning_content", "reasoning"] = Field(
        default="", description="Chat Completions: where earlier reasoning goes; empty: nowhere."
    )
    system_first: bool = Field(
        default=False, description="Takes one system turn, and only as the first."
    )
    extra_body: dict[str, Any] = Field(
        default_factory=dict[str, Any], description="Fields added to every request."
    )
