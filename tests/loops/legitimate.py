"""Texts that repeat themselves for a reason."""

import base64
import csv
import io
import json
from collections.abc import Callable

from tests.loops.sources import Chance, code_files, documents, paragraph, paragraphs, sentence, word

Maker = Callable[[Chance], str]


def _lines(count: int, line: Callable[[int], str]) -> str:
    return "".join(f"{line(n)}\n" for n in range(count))


def source(chance: Chance) -> str:
    return chance.of_files(code_files())


def document(chance: Chance) -> str:
    return chance.of_files(documents())


def prose(chance: Chance) -> str:
    return "\n\n".join(chance.of_files(paragraphs()) for _ in range(30))


def table(chance: Chance) -> str:
    head = "| name | number | state | note |\n|------|-------:|:-----:|------|\n"
    states = ["open", "open", "open", "closed"]
    return head + _lines(
        chance.randint(20, 150),
        lambda n: f"| item {n} | {chance.randint(0, 99)} | {chance.choice(states)} | |",
    )


def timetable(chance: Chance) -> str:
    closed = "| {} | closed | closed | closed | closed |"
    days = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
    return _lines(28, lambda n: closed.format(days[n % 7] if chance.random() < 0.95 else "holiday"))


def rules(chance: Chance) -> str:
    rule = chance.choice("-=*_#~") * chance.randint(60, 240)
    return "".join(f"{rule}\n{sentence(chance, 8)}\n{rule}\n\n" for _ in range(20))


def indentation(chance: Chance) -> str:
    depth = chance.randint(5, 40)
    opened = _lines(depth, lambda n: "    " * n + "{")
    return opened + _lines(depth, lambda n: "    " * (depth - n) + "}")


def changing_list(chance: Chance) -> str:
    return _lines(80, lambda _: f"- The {word(chance)} of the {word(chance)} is {word(chance)}.")


def numbered_list(chance: Chance) -> str:
    noun = word(chance)
    return _lines(chance.randint(20, 200), lambda n: f"{n + 1}. {noun} {n + 1}")


def generated_names(chance: Chance) -> str:
    noun = word(chance)
    return _lines(chance.randint(10, 40), lambda n: f"The {noun} number {n} has been made.")


def counting(chance: Chance) -> str:
    start = chance.randint(0, 1000)
    return " ".join(str(n) for n in range(start, start + 1500))


def binary(chance: Chance) -> str:
    data = chance.randbytes(3000) + bytes(chance.randint(0, 2000)) + chance.randbytes(3000)
    return base64.b64encode(data).decode()


def hex_dump(chance: Chance) -> str:
    blank = " ".join(["00"] * 16)
    return _lines(
        200,
        lambda n: (
            f"{n * 16:08x}  "
            + (blank if n % 9 else " ".join(f"{chance.randint(0, 255):02x}" for _ in range(16)))
        ),
    )


def poem(chance: Chance) -> str:
    refrain = "".join(sentence(chance, 6).strip() + "\n" for _ in range(chance.choice([1, 2, 4])))
    verses = ["".join(sentence(chance, 6).strip() + "\n" for _ in range(4)) for _ in range(8)]
    return "\n".join(verse + "\n" + refrain for verse in verses) + ("\n" + refrain) * 2


def generated_code(chance: Chance) -> str:
    kind = chance.choice(["case {n}:\n    return {n};", "int get_{w}{n}() {{ return {w}; }}"])
    noun = word(chance)
    return "```c\n" + _lines(150, lambda n: kind.format(n=n, w=noun)) + "```\n"


def stubs(chance: Chance) -> str:
    names = [f"test_{word(chance)}_{word(chance)}_{word(chance)}" for _ in range(80)]
    body = "\n".join(f"def {name}() -> None:\n    raise NotImplementedError\n\n" for name in names)
    return f"```python\n{body}```\n"


def same_cells(chance: Chance) -> str:
    size = chance.choice([8, 9, 10])
    cell = '    <div class="cell"></div>\n'
    return "```html\n" + ('<div class="row">\n' + cell * size + "</div>\n") * size + "```\n"


def cards(chance: Chance) -> str:
    card = f'<article class="card"><h2>Title</h2><p>{sentence(chance, 12)}</p></article>\n'
    return f"```html\n{card * chance.randint(3, 6)}```\n"


def log(chance: Chance) -> str:
    levels = ["INFO", "INFO", "INFO", "DEBUG", "WARNING"]
    return _lines(
        200,
        lambda n: (
            f"2024-05-01 12:{n // 60:02}:{n % 60:02},{chance.randint(0, 999):03} "
            f"{chance.choice(levels)} worker: request {chance.randint(1, 10**6)} took "
            f"{chance.randint(1, 900)} ms"
        ),
    )


def heartbeats(_chance: Chance) -> str:
    return _lines(60, lambda n: f"2024-05-01 12:{n:02}:00 INFO heartbeat ok")


def stack_trace(chance: Chance) -> str:
    frame = f'  File "{word(chance)}.py", line 12, in visit\n    return visit(node.left)\n'
    return "```\nTraceback (most recent call last):\n" + frame * chance.randint(5, 12) + "```\n"


def tests_passed(chance: Chance) -> str:
    return _lines(120, lambda n: f"tests/test_{word(chance)}.py::test_{n} PASSED   [{n:3}%]")


def minified(chance: Chance) -> str:
    rules_ = [
        f".{word(chance)}-{n}{{margin:{chance.randint(0, 9)}px;padding:0 0 0 0}}"
        for n in range(300)
    ]
    return "".join(rules_)


def json_points(chance: Chance) -> str:
    points = [{"x": round(chance.random(), 3), "y": round(chance.random(), 3)} for _ in range(300)]
    return json.dumps(points, indent=chance.choice([None, 2]))


def json_records(chance: Chance) -> str:
    records = [
        {"id": n, "name": word(chance), "active": True, "tags": [], "score": chance.randint(0, 99)}
        for n in range(150)
    ]
    return json.dumps(records, indent=chance.choice([None, 2]))


def json_rows_alike(chance: Chance) -> str:
    noun = word(chance)
    return json.dumps([{"id": n, "kind": noun, "value": None, "done": False} for n in range(200)])


def zeros(chance: Chance) -> str:
    size = chance.randint(8, 28)
    return json.dumps([[0] * size for _ in range(size)])


def comma_separated(chance: Chance) -> str:
    out = io.StringIO()
    rows = [(n, word(chance), "", "", 0, chance.randint(0, 9)) for n in range(250)]
    csv.writer(out).writerows(rows)
    return out.getvalue()


def inserts(chance: Chance) -> str:
    return _lines(
        150,
        lambda n: f"UPSERT users VALUES ({n}, 'user{n}', {chance.randint(18, 90)});",
    )


def report(chance: Chance) -> str:
    """One form, filled in for each region."""
    form = "In region {} the revenue was {} and the cost was {}. The outlook for the next year is "
    return "".join(
        form.format(n, chance.randint(100, 999), chance.randint(100, 999)) + "stable.\n\n"
        for n in range(40)
    )


def chapters(chance: Chance) -> str:
    return "".join(
        f"## Chapter {n}\n\n**Summary:** {paragraph(chance, 200)}\n\n**Key points:**\n"
        f"- {sentence(chance, 6)}\n- {sentence(chance, 6)}\n\n"
        for n in range(1, 25)
    )


def difference(chance: Chance) -> str:
    lines = chance.of_files(code_files()).splitlines()[:300]
    return "```diff\n" + _lines(len(lines), lambda n: chance.choice("+- ") + lines[n]) + "```\n"


MAKERS: dict[str, Maker] = {
    "library sources": source,
    "licences, changelogs, data": document,
    "prose": prose,
    "tables": table,
    "timetables": timetable,
    "rules": rules,
    "indentation": indentation,
    "lists with changing items": changing_list,
    "numbered lists": numbered_list,
    "numbered sentences": generated_names,
    "counting": counting,
    "base64": binary,
    "hex dumps": hex_dump,
    "poems with a refrain": poem,
    "generated code": generated_code,
    "stubs": stubs,
    "the same cell again": same_cells,
    "the same card again": cards,
    "logs": log,
    "logs of a heartbeat": heartbeats,
    "stack traces": stack_trace,
    "test reports": tests_passed,
    "minified data": minified,
    "JSON points": json_points,
    "JSON records": json_records,
    "JSON rows that are alike": json_rows_alike,
    "zeros": zeros,
    "CSV": comma_separated,
    "SQL": inserts,
    "a form filled in": report,
    "chapters of one form": chapters,
    "diffs": difference,
}
"""Kind → its maker."""
