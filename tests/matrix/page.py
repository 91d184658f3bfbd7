"""Writes `docs/translations.md` from what the tests find out: `python -m tests.matrix.page`."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from tests.matrix import answers, requests
from tests.matrix.cells import Outcome, answer_outcome, outcome
from tests.support.four_vendors import MODELS

PAGE = Path(__file__).parents[2] / "docs" / "translations.md"

DIALECTS = {
    "openai_chat": "Chat",
    "openai_responses": "Responses",
    "anthropic_messages": "Messages",
    "gemini": "Gemini",
}

HEAD = """# What is translated, and what is lost

Made from the tests by `make matrix`; a test fails where it no longer tells the truth.

Rows are features, columns are clients, and each cell goes through the vendors in the order
**C**hat Completions, **R**esponses, Anthropic **M**essages, **G**emini:

| sign | meaning |
|---|---|
| ✓ | arrives |
| ~ | arrives changed, or is left out, and the client is told in `x-llm-proxy-warnings` |
| ✗ | refused with a 400 that names the field, for without it the question would be another |
| · | left out without a word, because nothing is lost by it but what the note says |
| - | the client's dialect has no way to say it |

Where the client speaks the vendor's own dialect, everything passes as it came, byte for byte, also
fields and events that the proxy does not know. The models of this table are
{models}; what others take stands in `backends/traits.toml`. All of it
holds for whole and for streamed answers.
"""

SIGNS: Mapping[Outcome, str] = {
    "kept": "✓",
    "told": "~",
    "refused": "✗",
    "unsayable": "-",
    "silent": "·",
}

NOTES = {
    "image by URL": "For Gemini the backend fetches the image first, from the open internet only; "
    "what cannot be had is refused.",
    "tokens written to a cache": "Gemini's counts have no such field.",
    "mark for the cache": "Only money is lost by it.",
    "citations": "Sources, and what tools run by the vendor gave back, reach clients of its own "
    "dialect; for others the log says that they were left out, and the header of a whole answer.",
    "conversation that a vendor stores": "A client that names an earlier answer instead of "
    "sending the history has to send `x-session-id`, or each turn is a session of its own.",
}
"""Feature → what the table cannot show."""


def page() -> str:
    """The whole page."""
    models = ", ".join(dict.fromkeys(MODELS.values()))
    lines = [HEAD.format(models=models), *_requests(), *_answers(), *_notes()]
    return "\n".join(lines) + "\n"


def _table(title: str, rows: Iterator[tuple[str, Sequence[str]]]) -> Iterator[str]:
    yield f"## {title}\n"
    yield f"| feature | {' | '.join(f'{name} client' for name in DIALECTS.values())} |"
    yield "|---|" + "---|" * len(DIALECTS)
    for name, cells in rows:
        yield f"| {name} | {' | '.join(cells)} |"
    yield ""


def _requests() -> Iterator[str]:
    losses: dict[str, None] = {}

    def rows() -> Iterator[tuple[str, Sequence[str]]]:
        for feature in requests.FEATURES:
            cells: list[str] = []
            for client in DIALECTS:
                found = [outcome(feature, client, vendor) for vendor in DIALECTS]
                cells.append(_cell([one for one, _ in found]))
                for vendor, (one, told) in zip(DIALECTS.values(), found, strict=True):
                    if told and one != "kept":
                        text = "; ".join(told)
                        losses[f"- {feature.name}, to {vendor}: {text}"] = None
            yield feature.name, cells

    yield from _table("Requests", rows())
    yield "### What the client is told\n"
    yield from losses
    yield ""


def _answers() -> Iterator[str]:
    def rows() -> Iterator[tuple[str, Sequence[str]]]:
        for feature in answers.FEATURES:
            yield (
                feature.name,
                [
                    _cell([_both_ways(feature, client, vendor) for vendor in DIALECTS])
                    for client in DIALECTS
                ],
            )

    yield from _table("Answers", rows())


def _both_ways(feature: answers.Feature, client: str, vendor: str) -> Outcome:
    one, other = (answer_outcome(feature, client, vendor, stream=way) for way in (False, True))
    return one if one != "kept" else other


def _cell(found: Sequence[Outcome]) -> str:
    if set(found) == {"unsayable"}:
        return SIGNS["unsayable"]
    return " ".join(SIGNS[one] for one in found)


def _notes() -> Iterator[str]:
    yield "## Notes\n"
    for name, note in NOTES.items():
        yield f"- {name}: {note}"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
