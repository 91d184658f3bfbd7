"""What a translation had to leave out or change, for the client and the log to be told."""

from llm_proxy.pipeline.parts import OpaquePart, Part


class Losses:
    """Collects the warnings of one translation, each once, in order."""

    def __init__(self) -> None:
        self._told: dict[str, None] = {}

    def drop(self, what: str) -> None:
        """Note that `what` has no place at the vendor."""
        self._told[f"dropped {what}"] = None

    def drop_part(self, part: Part) -> None:
        """Note that a part of the conversation has no place at the vendor."""
        self.drop(part.type if isinstance(part, OpaquePart) else type(part).__name__.lower())

    def change(self, what: str, how: str) -> None:
        """Note that `what` was sent as something else, e.g. `("temperature", "1")`."""
        self._told[f"changed {what}: {how}"] = None

    @property
    def told(self) -> tuple[str, ...]:
        """All warnings."""
        return tuple(self._told)
