"""The end of a growing text, and the period that it keeps to."""

from bisect import bisect_left

WINDOW = 8192
"""Bytes looked back upon; the longest period is half of it."""

_SLACK = 256
_ANCHOR = 32
_CANDIDATES = 8


class Tail:
    """Knows whether the end of a text is one piece over and over, of `period` bytes (0: it is not),
    and for how many bytes that has `lasted`, as far as the window reaches; `is_new`: the last piece
    has shown it.

    The last 32 bytes are looked up in what came before; the distance to an earlier place is a
    candidate for the period, and comparing two slices settles it. While a period holds, only what
    is new is compared. A text that has kept to two periods for the sum of both keeps to a common
    one, so the smallest distance found is the one that counts (N. J. Fine and H. S. Wilf,
    "Uniqueness theorems for periodic functions", 1965).

    A round of twice the length may wait twice as long: every other piece is looked up in twice its
    length only, every fourth in four times, and so on, so that a round has been found when it comes
    for the third time. All work per byte is done by the search and the comparison of `bytearray`,
    in a bounded window: amortised constant.
    """

    __slots__ = ("_pieces", "is_new", "lasted", "period", "text")

    def __init__(self) -> None:
        self.text = bytearray()
        self.period = 0
        self.lasted = 0
        self.is_new = False
        self._pieces = 0

    def grow(self, piece: bytes) -> None:
        """Add a piece, of at least one byte."""
        text = self.text
        text += piece
        if len(text) > WINDOW + _SLACK:
            del text[:-WINDOW]
        self._pieces += 1
        if not self.period:
            reach = _ANCHOR + 2 * len(piece) * (self._pieces & -self._pieces)
            if text.rfind(text[-_ANCHOR:], -reach, -1) >= 0:
                self._find(reach, _ANCHOR)
        elif self._keeps_to(self.period, len(piece)):
            self.is_new = False
            self.lasted += len(piece)
        else:
            # A repetition that ends may be a part of a longer one: it must not hide that again.
            self._find(len(text), max(_ANCHOR, len(piece)))

    @property
    def round(self) -> bytes:
        """The last round of the repetition."""
        return bytes(self.text[-self.period :])

    def _keeps_to(self, period: int, size: int) -> bool:
        """Whether the last so many bytes are the same as those a period before."""
        return self.text[-size:] == self.text[-size - period : -period]

    def _find(self, reach: int, least: int) -> None:
        """Look for a period within the last `reach` bytes that has been kept to for two rounds, and
        for the `least` so many bytes after the first."""
        self.period = self.lasted = 0
        self.is_new = False
        text = self.text
        anchor = text[-_ANCHOR:]
        end = len(text)
        first, place = max(0, end - reach), end - _ANCHOR
        for _ in range(_CANDIDATES):
            place = text.rfind(anchor, first, max(0, place + _ANCHOR - 1))
            if place < 0:
                return
            period = end - _ANCHOR - place
            size = max(period, least)
            if size + period <= end and self._keeps_to(period, size):
                self.period, self.is_new = period, True
                self.lasted = end - self._begin(period)
                return

    def _begin(self, period: int) -> int:
        """Where in the text the repetition begins."""
        text = self.text
        places = range(len(text) - 2 * period)
        return bisect_left(places, True, key=lambda n: text[n:-period] == text[n + period :])
