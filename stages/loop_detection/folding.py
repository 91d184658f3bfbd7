"""A copy of a text in which numbers and white space do not count."""

_RUNS = b"0123456789 \t\r\n"
_ALIKE = bytes.maketrans(b"123456789\t\r\n", b"000000000   ")


class Folded:
    """Folds a growing text, in UTF-8: every number becomes `0`, all white space one space.

    A piece that is nothing else stays as it is, for then this may be what is repeated. A run at the
    end of a piece waits in `held` for the next one, as it may not be whole.
    """

    def __init__(self) -> None:
        self.held = b""

    def feed(self, piece: bytes) -> bytes:
        """The folded form of what is now known to be whole."""
        text = self.held + piece
        end = len(text.rstrip(_RUNS))
        if not end:
            self.held = b""
            return text
        self.held = text[end:]
        return fold(text[:end])


def fold(text: bytes) -> bytes:
    """The folded form of a text that is whole."""
    text = text.translate(_ALIKE)
    while b"00" in text:
        text = text.replace(b"00", b"0")
    while b"  " in text:
        text = text.replace(b"  ", b" ")
    return text
