"""docs/performance.md: what stands between two marks is measured, the rest is written by hand and
stays as it is."""

from collections.abc import Sequence
from pathlib import Path

from bench.processes import ROOT

PAGE = ROOT / "docs" / "performance.md"
BEGIN = "<!-- From here on `make bench` writes. -->"
END = "<!-- From here on people write. -->"


def write(parts: Sequence[str], page: Path = PAGE) -> None:
    """Put the parts between the marks."""
    text = page.read_text("utf-8")
    head, begin, rest = text.partition(BEGIN)
    _, end, tail = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"{page.name} has lost a mark: {BEGIN} and {END}")
    page.write_text("\n\n".join([head + begin, *parts, end + tail]), "utf-8")
