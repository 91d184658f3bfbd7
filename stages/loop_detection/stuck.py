"""Whether an agent goes round in circles, from what it has done."""

from collections.abc import Sequence

from llm_proxy.pipeline.record import record
from llm_proxy.stages.loop_detection.history import Done
from llm_proxy.stages.loop_detection.options import TurnsOptions

LONGEST_CYCLE = 5


@record
class Stuck:
    """What comes again: `tool`, in a cycle of so many calls, `rounds` times. `allowed` is how often
    it may. `call` is the digest of the call that would go on with it; None, where any call of the
    tool would: its error is what comes again."""

    tool: str
    cycle: int
    rounds: int
    allowed: int
    call: bytes | None

    @property
    def is_over(self) -> bool:
        """Whether it has come as often as it may."""
        return self.rounds >= self.allowed

    @property
    def is_beyond(self) -> bool:
        """Whether it came once more after that."""
        return self.rounds > self.allowed

    def goes_on(self, tool: str, call: bytes) -> bool:
        """Whether this next call is the same again."""
        return tool == self.tool if self.call is None else call == self.call


def stuck(done: Sequence[Done], options: TurnsOptions) -> Stuck | None:
    """What comes again at the end of `done`, if anything has come twice: the first of one call, a
    cycle of several, and an error, that has come as often as it may."""
    found = [_cycle(done, length, options) for length in range(1, LONGEST_CYCLE + 1)]
    again = [one for one in [*found, _error(done, options)] if one]
    return next((one for one in again if one.is_over), again[0] if again else None)


def _cycle(done: Sequence[Done], length: int, options: TurnsOptions) -> Stuck | None:
    same = _same_at_the_end([(one.call, one.result) for one in done], length)
    rounds = 1 + same // length
    if same < length:
        return None
    allowed = options.same_call if length == 1 else options.same_cycle
    following = done[-length]
    return Stuck(following.tool, length, rounds, allowed, following.call)


def _error(done: Sequence[Done], options: TurnsOptions) -> Stuck | None:
    if not done or not done[-1].failed:
        return None
    same = _same_at_the_end([one.failure for one in done], 1)
    return Stuck(done[-1].tool, 1, same + 1, options.same_error, None) if same else None


def _same_at_the_end(steps: Sequence[object], distance: int) -> int:
    """How many steps at the end are each the same as the one so far before it."""
    same = 0
    for position in range(len(steps) - 1, distance - 1, -1):
        if steps[position] != steps[position - distance]:
            break
        same += 1
    return same
