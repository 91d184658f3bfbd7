"""What a translation had to leave out or change, for the client and the log to be told."""


class Losses:
    """Collects the warnings of one translation, each once, in order."""

    def __init__(self) -> None:
        self._told: dict[str, None] = {}

    def drop(self, what: str) -> None:
        """Note that `what` has no place at the vendor."""
        self._told[f"dropped {what}"] = None

    def change(self, what: str, how: str) -> None:
        """Note that `what` was sent as something else, e.g. `("temperature", "1")`."""
        self._told[f"changed {what}: {how}"] = None

    @property
    def told(self) -> tuple[str, ...]:
        """All warnings."""
        return tuple(self._told)
