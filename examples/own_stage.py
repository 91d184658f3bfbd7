"""A stage of your own, named in the file as "module:Class".

PYTHONPATH=examples llm-proxy check --config examples/own_stage.toml
PYTHONPATH=examples llm-proxy serve --config examples/own_stage.toml
"""

from dataclasses import replace

from pydantic import Field

from llm_proxy.pipeline import Exchange, Next, Reply, Stage, StageOptions
from llm_proxy.pipeline.events import Event, Finish, TextDelta


class ShoutOptions(StageOptions):
    """Options of the stage."""

    mark: str = Field(default="!", description="What ends every answer.")


class Shout(Stage[ShoutOptions]):
    """Turns answers into capitals."""

    Options = ShoutOptions

    async def __call__(self, exchange: Exchange, call_next: Next) -> Reply:
        reply = await call_next(exchange)
        return reply.through(self._shout)

    def _shout(self, event: Event) -> tuple[Event, ...]:
        match event:
            case TextDelta(text):
                # A changed event has no frame: the bytes it came in no longer say what it says.
                return (replace(event, text=text.upper(), frame=None),)
            case Finish():
                return (TextDelta(self.options.mark), event)
            case _:
                return (event,)
