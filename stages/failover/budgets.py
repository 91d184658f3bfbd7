"""How much may be asked twice, so that an outage is not made worse by those who suffer from it."""

_ALWAYS = 10
_MOST_SAVED = 10.0


class RetryBudget:
    """Repetitions under way, waited for or at work: a share of the `requests` at work, of whom each
    counts itself, and a few in any case."""

    def __init__(self, share: float) -> None:
        self._share = share
        self.requests = 0
        self.repetitions = 0

    def begin(self) -> bool:
        """Plan a repetition; False if there are too many."""
        if self.repetitions >= max(_ALWAYS, self._share * self.requests):
            return False
        self.repetitions += 1
        return True

    def end(self) -> None:
        """A planned one is over."""
        self.repetitions -= 1


class HedgeBudget:
    """Extra requests: each request saves its share of one, up to ten, and an extra one costs
    one."""

    def __init__(self, share: float) -> None:
        self._share = share
        self._saved = 0.0

    def save(self) -> None:
        """A request was made."""
        self._saved = min(_MOST_SAVED, self._saved + self._share)

    def spend(self) -> bool:
        """Pay for an extra request; False if there is not enough."""
        if self._saved < 1:
            return False
        self._saved -= 1
        return True
