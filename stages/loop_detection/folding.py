"""A copy of a text in which numbers and white space do not count."""

_RUNS = b"0123456789 \t\r\n"
_ALIKE = bytes.maketrans(b"123456789\t\r\n", b"000000000   ")


def fold_begun(text: bytes) -> tuple[bytes, bytes]:
    """The folded form of a text, in UTF-8, that goes on, and what has to wait for the next piece:
    a run at its end may not be whole. A text that is nothing else stays as it is, for then this may
    be what is repeated."""
    whole = text.rstrip(_RUNS)
    return (fold(whole), text[len(whole) :]) if whole else (text, b"")


def fold(text: bytes) -> bytes:
    """The folded form of a text that is whole: every number is `0`, all white space one space."""
    text = text.translate(_ALIKE)
    while b"00" in text:
        text = text.replace(b"00", b"0")
    while b"  " in text:
        text = text.replace(b"  ", b" ")
    return text
