"""The end of a growing text, and the period that it keeps to."""

from itertools import takewhile

WINDOW = 8192
"""Bytes looked back upon; the longest period is half of it."""

_SLACK = 512
_ANCHOR = 32
_CANDIDATES = 8
_SEARCH_EVERY = 2
_STEP = 16


class Tail:
    """Knows whether the end of a text is one piece over and over, of `period` bytes (0: it is not),
    and for how many bytes that has `lasted`; `is_new`: the last piece has shown it.

    The last 32 bytes are looked up in what came before; the distance to an earlier place is a
    candidate for the period, and comparing two slices settles it. While a period holds, only what
    is new is compared. A text that has kept to two periods for the sum of both keeps to a common
    one, so the smallest distance found is the one that counts (N. J. Fine and H. S. Wilf,
    "Uniqueness theorems for periodic functions", 1965). All work per byte is done by the search and
    the comparison of `bytearray`, in a bounded window: amortised constant.
    """

    def __init__(self) -> None:
        self.text = bytearray()
        self.period = 0
        self.lasted = 0
        self.is_new = False
        self._unsearched = 0

    def grow(self, piece: bytes) -> None:
        """Add a piece."""
        text = self.text
        text += piece
        if len(text) > WINDOW + _SLACK:
            del text[:-WINDOW]
        self.is_new = False
        if self.period and self._goes_on(len(piece)):
            self.lasted += len(piece)
            return
        self._unsearched += 1
        # Where a repetition ends, it may be a part of a longer one.
        if self.period or self._unsearched >= _SEARCH_EVERY:
            self._unsearched = 0
            self._find()

    @property
    def round(self) -> bytes:
        """The last round of the repetition."""
        return bytes(self.text[-self.period :])

    def settle(self) -> None:
        """Find out where exactly the repetition began, as far as the window reaches."""
        text, period = self.text, self.period
        pairs = zip(reversed(text), reversed(text[:-period]), strict=False)
        same = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))
        self.lasted = max(self.lasted, same + period)

    def _goes_on(self, new: int) -> bool:
        return self.text[-new:] == self.text[-new - self.period : -self.period]

    def _find(self) -> None:
        self.period = self.lasted = 0
        text = self.text
        anchor = text[-_ANCHOR:]
        last = place = len(text) - _ANCHOR
        for _ in range(_CANDIDATES):
            place = text.rfind(anchor, 0, max(0, place + _ANCHOR - 1))
            if place < 0:
                return
            if self._has_kept_to(last - place):
                return

    def _has_kept_to(self, period: int) -> bool:
        """Whether there were two whole rounds."""
        text = self.text
        span = max(period, _ANCHOR)
        if len(text) < span + period or text[-span:] != text[-span - period : -period]:
            return False
        self.period, self.lasted, self.is_new = period, span + period, True
        while self.lasted + _STEP <= len(text) and self._was_so_before(_STEP):
            self.lasted += _STEP
        return True

    def _was_so_before(self, size: int) -> bool:
        text, end = self.text, len(self.text) - self.lasted
        later = text[end - size + self.period : end + self.period]
        return text[end - size : end] == later
