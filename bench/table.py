"""A table that reads well in a terminal and in a page: Markdown with aligned columns."""

from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass
class Table:
    """`about` stands above the table, `notes` below it."""

    title: str
    about: str
    headings: Sequence[str]
    rows: list[Sequence[str]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def add(self, *cells: str) -> None:
        self.rows.append(cells)

    def text(self) -> str:
        """The first column is left-aligned, numbers right."""
        lines = [self.headings, *self.rows]
        widths = [max(len(line[n]) for line in lines) for n in range(len(self.headings))]
        ruler = [":" + "-" * (widths[0] - 1), *("-" * (width - 1) + ":" for width in widths[1:])]
        drawn = [_line(self.headings, widths), _line(ruler, widths)]
        drawn += [_line(row, widths) for row in self.rows]
        parts = [f"### {self.title}", self.about, "\n".join(drawn), *self.notes]
        return "\n\n".join(part for part in parts if part)


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    first, *others = zip(cells, widths, strict=True)
    aligned = [first[0].ljust(first[1]), *(cell.rjust(width) for cell, width in others)]
    return f"| {' | '.join(aligned)} |"
