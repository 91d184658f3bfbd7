"""Writes `docs/loop-detection.md` from what the corpus shows: `python -m tests.loops.page`."""

import statistics
from collections.abc import Iterator, Sequence
from pathlib import Path

from tests.loops.corpus import EACH, Row, honest, loops, measured

PAGE = Path(__file__).parents[2] / "docs" / "loop-detection.md"

HEAD = """# What loop detection finds, and how soon

Made by `make loops` from a corpus with a fixed seed: {each} texts of each kind, made up and from
the files of the Python installation. Half of them were there for choosing the thresholds; here
stand the others. A test checks that at least 99 of 100 loops are found, that at most one of a
thousand legitimate texts is stopped, and that the median loop is found by its fourth round.

A loop here goes on for at least six rounds, and where rounds are short or are code or data for so
long as a stuck model would: up to 10,000 characters. "After" is the median of the whole rounds, and
of the characters of the loop, that had passed.
"""

TAIL = """## How to read it

- Words are stopped after three and a half rounds, or 320 characters where rounds are short
  (`min_rounds`, `min_length`). Code and tables need more, data most; all need more between the
  fences of a code block and in the arguments of tools.
- A number that counts, a date, a time of day or white space may change from round to round. Numbers
  that vary are taken for data: a form that is filled in again and again is no loop.
- Rows that only count (`| item 7 | open |`) are never stopped as long as the number changes.
- A repetition that the user or a tool has brought may be copied: eight times as much is needed.
- Not found are loops whose words change, and those with rounds of more than 4,000 bytes.

## What happens then

- A stream has been seen: it ends where the loop is recognised, with a notice. A whole answer is cut
  back to the end of the loop's first round, or asked for again (`action`).
- A stream's tool call with a loop in its arguments ends as one that a limit of tokens has cut off,
  as it would have in the end: clients do not run it. In a whole answer it is left out.
- The vendor's connection is closed; `x-llm-proxy-warnings` and the log's field `loop` tell.
"""


def page() -> str:
    """The whole page."""
    found, stopped = measured(loops("reported")), measured(honest("reported"))
    lines = [HEAD.format(each=EACH), *_loops(found), *_honest(stopped), TAIL.rstrip()]
    return "\n".join(lines) + "\n"


def _loops(rows: Sequence[Row]) -> Iterator[str]:
    yield "## Loops\n"
    yield "| kind | texts | found | after rounds | after characters |"
    yield "|---|---:|---:|---:|---:|"
    for row in rows:
        characters = statistics.median(row.characters)
        figures = f"{row.found} | {row.median_rounds:.0f} | {characters:.0f}"
        yield f"| {row.kind} | {row.texts} | {figures} |"
    rounds = [one for row in rows for one in row.rounds]
    total = f"{_sum(rows)} | {statistics.median(rounds):.0f} | |"
    yield f"| **all** | {total}\n"


def _honest(rows: Sequence[Row]) -> Iterator[str]:
    yield "## Legitimate texts\n"
    yield "| kind | texts | stopped |"
    yield "|---|---:|---:|"
    for row in rows:
        yield f"| {row.kind} | {row.texts} | {row.found} |"
    yield f"| **all** | {_sum(rows)} |\n"


def _sum(rows: Sequence[Row]) -> str:
    return f"{sum(row.texts for row in rows)} | {sum(row.found for row in rows)}"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
