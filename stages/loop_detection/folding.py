"""Copies of a text in which numbers and white space do not count."""

_RUNS = b"0123456789 \t\r\n"
_ALIKE = bytes.maketrans(b"123456789\t\r\n", b"000000000   ")


def compared(text: bytes) -> bytes:
    """What is compared of a text in UTF-8: all but numbers and white space. Where it is nothing
    else it is itself compared, for then this may be what is repeated."""
    return text.translate(None, _RUNS) or text


def size_compared(text: bytes) -> int:
    """How many bytes of a text are compared that is not all numbers and white space."""
    return len(text.translate(None, _RUNS))


def fold(text: bytes) -> bytes:
    """A short form of a text: every number is `0`, all white space one space."""
    text = text.translate(_ALIKE)
    while b"00" in text:
        text = text.replace(b"00", b"0")
    while b"  " in text:
        text = text.replace(b"  ", b" ")
    return text


def without_run(text: bytes) -> bytes:
    """The text without the numbers and white space at its end."""
    return text.rstrip(_RUNS)
