"""A client that types commands, before the stage that carries them out."""

from dataclasses import replace
from typing import Any

from llm_proxy.pipeline.events import Event
from llm_proxy.pipeline.exchange import Caller
from llm_proxy.pipeline.parts import Text
from llm_proxy.pipeline.request import Message
from llm_proxy.pipeline.session_state import NOTHING, SessionState
from llm_proxy.stages.commands import Commands
from tests.support.sessions import Kept
from tests.support.stages import Run, asking

Said = tuple[str, str]


class Chat:
    """A client with a session, and what the session keeps."""

    def __init__(
        self, state: SessionState = NOTHING, kit: dict[str, Any] | None = None, **options: Any
    ) -> None:
        self.run = Run(Commands, options, **(kit or {}))
        self.kept = Kept(state)

    async def __call__(self, *turns: Said | Message, **request: Any) -> list[Event]:
        messages = [
            turn if isinstance(turn, Message) else Message(turn[0], (Text(turn[1]),))  # type: ignore[arg-type]
            for turn in turns
        ]
        self.asked = asking(messages=messages, **request)
        asked = replace(self.asked, session=self.kept.session, caller=Caller("key-1"))
        return await (await self.run(asked)).collect()

    @property
    def saved(self) -> list[SessionState]:
        """What was saved, in order."""
        return self.kept.states[1:]

    @property
    def sent(self) -> list[Said]:
        """What the last call upstream said."""
        return [(message.role, message.text) for message in self.run.seen[-1].request.messages]
