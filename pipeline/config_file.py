"""The text of `pipelines.toml`: variables filled in, and where in the file each key stands."""

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from llm_proxy.pipeline.errors import ConfigError
from llm_proxy.pipeline.json_values import is_list, is_object

Place = tuple[str | int, ...]

_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)(:-([^}]*))?\}")
_HEADER = re.compile(r"\s*(\[\[?)\s*(.+?)\s*\]\]?\s*(?:#.*)?$")
_NAME = r"""(?:[A-Za-z0-9_-]+|"[^"]*"|'[^']*')"""
_KEY = re.compile(rf"\s*({_NAME}(?:\s*\.\s*{_NAME})*)\s*=")
_TOKEN = re.compile(r"""\\.|\"\"\"|'''|"(?:[^"\\]|\\.)*"|'[^']*'|[\[\]{}#]""")
_KEY_PART = re.compile(_NAME)


@dataclass(slots=True)
class ConfigFile:
    """The parsed file, and every problem found in it so far, each on one line."""

    name: str
    tables: dict[str, Any]
    lines: Mapping[Place, int]
    problems: list[str] = field(default_factory=list[str])

    def report(self, place: Place, message: str, near: Place = ()) -> None:
        """Note a problem once, as `located` writes it."""
        problem = self.located(place, message, near)
        if problem not in self.problems:
            self.problems.append(problem)

    def located(self, place: Place, message: str, near: Place = ()) -> str:
        """The file, the line if known, the dotted place, and the message. `near` is where to look
        for the line of a place that the file does not have."""
        line = self._line(place) or self._line(near)
        where = f"{self.name}:{line}" if line else self.name
        return f"{where}: {dotted(place)}: {message}" if place else f"{where}: {message}"

    def _line(self, place: Place) -> int | None:
        """The line of the place, or of the nearest table or key around it."""
        around = (place[:n] for n in range(len(place), 0, -1))
        return next((self.lines[at] for at in around if at in self.lines), None)

    def raise_problems(self) -> None:
        """Refuse the file if it has any problem."""
        if self.problems:
            raise ConfigError(sorted(self.problems, key=_line_number))


def read_config_file(path: Path, environment: Mapping[str, str]) -> ConfigFile:
    """Read `path`, filling in `${VAR}` and `${VAR:-default}` in every string.

    Raises `ConfigError` only where nothing can be read at all.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError([f"{path}: cannot be read: {error}"]) from None
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError([f"{path.name}: not valid TOML: {error}"]) from None
    file = ConfigFile(path.name, {}, _lines(text))
    file.tables = _filled(raw, (), environment, file)
    return file


def _line_number(problem: str) -> int:
    line = problem.partition(":")[2].partition(":")[0]
    return int(line) if line.isdecimal() else 0


def dotted(place: Place) -> str:
    """A place as one would write it in TOML: `stages.auth.api_keys`, `routes."gpt-4"[0]`."""
    text = ""
    for part in place:
        if isinstance(part, int):
            text += f"[{part}]"
        else:
            plain = re.fullmatch(r"[A-Za-z0-9_-]+", part)
            text += ("." if text else "") + (part if plain else f'"{part}"')
    return text


def _filled(value: Any, place: Place, environment: Mapping[str, str], file: ConfigFile) -> Any:
    if is_object(value):
        return {key: _filled(item, (*place, key), environment, file) for key, item in value.items()}
    if is_list(value):
        return [_filled(item, (*place, n), environment, file) for n, item in enumerate(value)]
    if not isinstance(value, str):
        return value

    def fill(match: re.Match[str]) -> str:
        name: str = match[1]
        default: str | None = match[3]
        if default is not None and "${" in default:
            file.report(place, f"the default of ${{{name}}} cannot hold another variable")
        found = environment.get(name)
        if found is None and default is None:
            file.report(place, f"${{{name}}} is not set; set it, or write ${{{name}:-default}}")
        return found or default or ""

    filled = _VARIABLE.sub(fill, value)
    if "${" in _VARIABLE.sub("", value):
        file.report(place, f"this is no variable: {value[value.index('${') :]}")
    return filled


def _lines(text: str) -> dict[Place, int]:
    """The line of each table and key. Good enough to point at; the parser decides what is there."""
    lines: dict[Place, int] = {}
    table: Place = ()
    arrays: dict[Place, int] = {}
    for number, line in _statements(text):
        if header := _HEADER.match(line):
            table = _parts(header[2])
            if header[1] == "[[":
                arrays[table] = arrays.get(table, -1) + 1
                lines.setdefault(table, number)
                table = (*table, arrays[table])
            lines.setdefault(table, number)
        elif key := _KEY.match(line):
            lines.setdefault((*table, *_parts(key[1])), number)
    return lines


def _statements(text: str) -> Iterator[tuple[int, str]]:
    """The lines on which something begins, with their numbers: none from inside a multi-line
    string or a list."""
    inside, depth = "", 0
    for number, line in enumerate(text.split("\n"), start=1):
        if not inside and not depth:
            yield number, line
        for token in _TOKEN.findall(line):
            if inside:
                inside = "" if token == inside else inside
            elif token in ('"""', "'''"):
                inside = token
            elif token == "#":  # noqa: S105 - a comment
                break
            else:
                depth += {"[": 1, "{": 1, "]": -1, "}": -1}.get(token, 0)


def _parts(key: str) -> Place:
    return tuple(part.strip("\"'") for part in _KEY_PART.findall(key))
