"""The options of `loop_detection`, and what a session makes of them."""

from collections.abc import Mapping
from typing import Literal, get_args

from pydantic import BaseModel, ConfigDict, Field

from llm_proxy.pipeline.exchange import Exchange
from llm_proxy.pipeline.stage import StageOptions
from llm_proxy.pipeline.values import Listed, Seconds
from llm_proxy.pipeline.wildcards import fits
from llm_proxy.stages.loop_detection.thresholds import Thresholds

Action = Literal["stop", "retry", "failover", "warn"]
TurnsMode = Literal["stop", "warn_then_stop", "warn", "off"]

_ACTIONS: Mapping[str, Action] = {action: action for action in get_args(Action)}


class TurnsOptions(BaseModel):
    """When an agent is stuck: what counts is a call and its result together."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    mode: TurnsMode = Field(
        default="warn_then_stop",
        description="`warn_then_stop`: the model is told first, and stopped when it goes on.",
    )
    same_call: int = Field(
        default=4, ge=2, le=50, description="Times in a row that one call may come."
    )
    same_cycle: int = Field(default=3, ge=2, le=10, description="Rounds of two to five calls.")
    same_error: int = Field(
        default=6, ge=2, le=50, description="Times in a row of one error of a tool."
    )
    window: Seconds = Field(
        default=600.0, description="In a session only what happened within so long counts."
    )
    exempt: Listed = Field(default=(), description="Tools that may; `*` stands for anything.")

    def is_exempt(self, tool: str) -> bool:
        """Whether the tool may be called again and again."""
        return any(fits(tool, name) for name in self.exempt)


class LoopDetectionOptions(StageOptions):
    """Options of `loop_detection`."""

    enabled: bool = Field(default=True, description="Whether answers and turns are watched.")
    action: Action = Field(
        default="stop",
        description="What happens to an answer that goes round in circles. `retry` and `failover` "
        "are for answers that are given whole; a stream has been seen, and is stopped.",
    )
    min_rounds: float = Field(
        default=3.5, ge=2, le=100, description="Rounds of words before they are a loop."
    )
    min_length: int = Field(
        default=320,
        ge=100,
        le=100_000,
        description="Characters of repeated words before they are a loop, where rounds are short.",
    )
    turns: TurnsOptions = Field(
        default=TurnsOptions(), description="Tool calls that come again from turn to turn."
    )

    @property
    def thresholds(self) -> Thresholds:
        """As the detector takes them."""
        return Thresholds(self.min_rounds, self.min_length)

    def action_for(self, exchange: Exchange) -> Action | None:
        """What to do about a loop of this exchange, None for nothing: its session may have chosen
        another action than the file, or "on", or "off"."""
        wish = exchange.session.state.loop_detection if exchange.session else None
        if wish and (chosen := _ACTIONS.get(wish)):
            return chosen
        return self.action if wish == "on" or (self.enabled and wish != "off") else None
