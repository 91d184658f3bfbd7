"""What tells two conversations apart that began alike and were answered alike."""

from collections.abc import Sequence

from llm_proxy.pipeline.events import Event, Finish, TextDelta

_SHOWN = 8


class Mark:
    """A step that puts the session's name behind an answer of the proxy itself.

    Models hardly ever answer twice in the same words, but a command is always answered in the same.
    """

    def __init__(self, session: str) -> None:
        self._text = TextDelta(f" [conversation {session[:_SHOWN]}]")

    def __call__(self, event: Event) -> Sequence[Event]:
        return (self._text, event) if isinstance(event, Finish) else (event,)
