"""Texts that go round in circles, as models do when they are stuck.

Each maker gives what comes before the loop, and a function from the number of a round to the round.
"""

import json
from collections.abc import Callable
from datetime import date, timedelta

from tests.loops.sources import Chance, code_files, documents, paragraph, paragraphs, sentence, word

Rounds = Callable[[int], str]
Made = tuple[str, Rounds]
Maker = Callable[[Chance], Made]


def _always(piece: str) -> Rounds:
    return lambda _: piece


def _opening(chance: Chance) -> str:
    return paragraph(chance, chance.randint(0, 1500))


def made_up_paragraph(chance: Chance) -> Made:
    return _opening(chance), _always(paragraph(chance, chance.randint(150, 700)) + "\n\n")


def real_paragraph(chance: Chance) -> Made:
    return _opening(chance), _always(chance.of_files(paragraphs()) + "\n\n")


def real_piece(chance: Chance) -> Made:
    text = chance.of_files(documents() if chance.random() < 0.5 else code_files())
    start, size = chance.randrange(len(text)), chance.randint(300, 2500)
    return _opening(chance), _always(text[start : start + size].replace("```", "") + "\n\n")


def long_section(chance: Chance) -> Made:
    return _opening(chance), _always(paragraph(chance, chance.randint(1000, 3500)) + "\n\n")


def one_sentence(chance: Chance) -> Made:
    return _opening(chance), _always(sentence(chance, chance.randint(12, 25)))


def few_words(chance: Chance) -> Made:
    return _opening(chance), _always(f"{word(chance)} {word(chance)} ")


def one_character(chance: Chance) -> Made:
    return _opening(chance), _always(chance.choice("aeo!.-=?0A")[0])


def blanks(chance: Chance) -> Made:
    return _opening(chance), _always(chance.choice(["\n", " ", "\t", "\n \n", " \n"]))


def paragraph_with_counter(chance: Chance) -> Made:
    before, after = paragraph(chance, 120), paragraph(chance, 120)
    start = chance.randint(1, 95)
    return _opening(chance), lambda n: f"{before}This is attempt {start + n}. {after}\n\n"


def paragraph_with_date(chance: Chance) -> Made:
    before, after = paragraph(chance, 120), paragraph(chance, 150)
    day = date(2024, 1, 1) + timedelta(days=chance.randint(0, 700))
    return (
        _opening(chance),
        lambda n: f"{before}On {day + timedelta(days=n)} it is the same. {after}\n",
    )


def paragraph_with_time_of_day(chance: Chance) -> Made:
    text, at = paragraph(chance, 150), [chance.randint(0, 59) for _ in range(400)]
    return _opening(chance), lambda n: f"[12:{n % 60:02}:{at[n % 400]:02}] {text}\n"


def paragraph_with_white_space(chance: Chance) -> Made:
    words = paragraph(chance, chance.randint(150, 500)).split()
    gaps = [chance.choice([" ", "  ", "\n", " \n"]) for _ in range(997)]
    return (
        _opening(chance),
        lambda n: (
            "".join(
                f"{one}{gaps[(n * 31 + i) % 997] if i % 9 == 0 else ' '}"
                for i, one in enumerate(words)
            )
            + "\n" * (1 + n % 2)
        ),
    )


def short_line_with_counter(chance: Chance) -> Made:
    text = sentence(chance, 6).strip()
    return _opening(chance), lambda n: f"{n + 1}. {text}\n"


def list_item(chance: Chance) -> Made:
    return _opening(chance), _always(f"- {sentence(chance, chance.randint(4, 9)).strip()}\n")


def thought(chance: Chance) -> Made:
    piece = (
        f"Wait, I should look at the {word(chance)} again. {sentence(chance, 9)}"
        f"Hmm, but the {word(chance)} says otherwise.\n\n"
    )
    return _opening(chance), _always(piece)


def other_scripts(chance: Chance) -> Made:
    alphabet = chance.choice(
        ["你好世界我们今天去看看那边的房子", "привет мир как дела ", "αβγδε ζηθ"]
    )
    return "", _always("".join(chance.choices(alphabet, k=chance.randint(60, 200))) + "。")


def table_row(chance: Chance) -> Made:
    row = f"| {sentence(chance, 5).strip()} | {sentence(chance, 5).strip()} | yes |\n"
    return _opening(chance) + "| what | why | done |\n|---|---|---|\n", _always(row)


def code_in_a_fence(chance: Chance) -> Made:
    lines = chance.of_files(code_files()).splitlines(keepends=True)
    start = chance.randrange(max(1, len(lines) - 40))
    piece = "".join(lines[start : start + chance.randint(4, 25)])
    return _opening(chance) + "\n\n```python\n", _always(piece.replace("```", "") + "\n")


def code_blocks(chance: Chance) -> Made:
    piece = f"{sentence(chance, 9)}\n\n```python\nprint({word(chance)})\n```\n\n"
    return _opening(chance), _always(piece)


def json_object(chance: Chance) -> Made:
    piece = json.dumps({word(chance): sentence(chance, 6), "done": False, "n": chance.random()})
    return "[", _always(piece + ", ")


def text_in_json(chance: Chance) -> Made:
    return '{"path": "notes.txt", "content": "', _always(paragraph(chance, 250) + "\\n")


def numbers(chance: Chance) -> Made:
    return _opening(chance), _always(chance.choice(["0, ", "0x00, ", "1 ", "null, ", "AAAA"]))


MAKERS: dict[str, Maker] = {
    "a paragraph": made_up_paragraph,
    "a paragraph of a real text": real_paragraph,
    "a piece of a real file": real_piece,
    "a long section": long_section,
    "a sentence": one_sentence,
    "two words": few_words,
    "one character": one_character,
    "blanks": blanks,
    "a paragraph with a counter": paragraph_with_counter,
    "a paragraph with a date": paragraph_with_date,
    "a paragraph with a time of day": paragraph_with_time_of_day,
    "a paragraph with changing white space": paragraph_with_white_space,
    "a short line with a counter": short_line_with_counter,
    "a list item": list_item,
    "a thought": thought,
    "other scripts": other_scripts,
    "a row of a table": table_row,
    "code inside a fence": code_in_a_fence,
    "text and code in turns": code_blocks,
    "a JSON object": json_object,
    "text inside JSON": text_in_json,
    "numbers and codes": numbers,
}
"""Kind → its maker."""

FEWEST = 6

LEAST = {
    "a sentence": 900,
    "two words": 900,
    "a list item": 900,
    "a thought": 900,
    "a piece of a real file": 5000,
    "other scripts": 900,
    "a short line with a counter": 3000,
    "one character": 9000,
    "blanks": 3000,
    "a row of a table": 3500,
    "code inside a fence": 10_000,
    "text and code in turns": 3000,
    "a JSON object": 8000,
    "numbers and codes": 9000,
}
"""Kind → how many characters the loop has at least: a stuck model goes on to its limit of tokens,
and where rounds are short, six of them are nothing."""
