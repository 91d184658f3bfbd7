r"""How one command is written.

    commands = command { blank command }                        all on one line
    command  = prefix name [ "(" [ argument { "," argument } ] ")" ]
    name     = letter { letter | digit | "-" | "_" }            case and "-" or "_" are the same
    argument = [ key "=" ] value                                each key once
    key      = ( letter | "_" ) { letter | digit | "-" | "_" }
    value    = '"' { character but '"' and "\" | "\" character } '"'
             | { character but "," and ")" }                    without blanks around it

In quotes \" is a quote, \\ a backslash and \n a line end; any other backslash is itself. A name
runs on to a blank, a bracket or the like: "!/usr/bin/env" and "!/notes.txt" are no commands.
"""

import re
from dataclasses import field

from llm_proxy.pipeline.record import record

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]*(?!-|\.?[\w/\\])")
_KEY = re.compile(r"\s*([A-Za-z_][A-Za-z0-9_-]*)\s*=")
_QUOTED = re.compile(r'\s*("(?:[^"\\]|\\.)*"?)\s*')
_BARE = re.compile(r"[^,)]*")
_CLOSED = re.compile(r'"(?:[^"\\]|\\.)*"')
_ESCAPE = re.compile(r'\\(["\\n])')
_PLAIN = re.compile(r"[A-Za-z0-9_.:/@+-]+")


@record
class Call:
    """A command as it was typed; `line` counts from 1 and makes no difference between calls."""

    name: str
    args: tuple[str, ...] = ()
    options: dict[str, str] = field(default_factory=dict[str, str])
    line: int = field(default=1, compare=False)

    def written(self, prefix: str) -> str:
        """A text that is read as this call."""
        arguments = [_written(value) for value in self.args]
        arguments += [f"{key}={_written(value)}" for key, value in self.options.items()]
        brackets = f"({', '.join(arguments)})" if arguments else ""
        return f"{prefix}{self.name}{brackets}"


@record
class Mistake:
    """A command that cannot be read, why, and where; `line` and `column` count from 1."""

    message: str
    line: int
    column: int


@record
class Line:
    """A line of `text`: its number, counted from 1, where it begins, and where it ends."""

    text: str
    number: int
    begin: int
    end: int


class _Misread(Exception):
    def __init__(self, message: str, position: int) -> None:
        super().__init__(message)
        self.position = position


def read_command(line: Line, position: int, prefix: str) -> tuple[Call | Mistake, int] | None:
    """The command that begins at `position`, and where it ends; a mistake takes the whole line."""
    if not line.text.startswith(prefix, position, line.end):
        return None
    name = _NAME.match(line.text, position + len(prefix), line.end)
    if not name:
        return None
    if not line.text.startswith("(", name.end(), line.end):
        return _call(line, name[0], (), {}), name.end()
    try:
        args, options, end = _arguments(line, name[0], name.end())
    except _Misread as error:
        return Mistake(str(error), line.number, error.position - line.begin + 1), line.end
    return _call(line, name[0], tuple(args), options), end


def _call(line: Line, name: str, args: tuple[str, ...], options: dict[str, str]) -> Call:
    return Call(name.lower().replace("_", "-"), args, options, line.number)


def _arguments(line: Line, name: str, opened: int) -> tuple[list[str], dict[str, str], int]:
    args: list[str] = []
    options: dict[str, str] = {}
    keys: set[str] = set()
    position, follows = opened + 1, ","
    while follows == ",":
        key = _KEY.match(line.text, position, line.end)
        begin = key.end() if key else position
        value, end = _value(line, begin)
        follows = line.text[end : min(end + 1, line.end)]
        if key:
            _add_once(keys, key)
            options[key[1]] = value
        elif args or follows == "," or line.text[begin:end].strip():
            args.append(value)
        position = end + 1
    if not follows:
        raise _Misread(f"the bracket of {name.lower()}( is not closed", opened)
    return args, options, position


def _add_once(keys: set[str], key: re.Match[str]) -> None:
    same = key[1].lower().replace("-", "_")
    if same in keys:
        raise _Misread(f"{key[1]} is given twice", key.start(1))
    keys.add(same)


def _value(line: Line, begin: int) -> tuple[str, int]:
    """The value from `begin` on, and where it ends: before a comma, a bracket or nothing."""
    quoted = _QUOTED.match(line.text, begin, line.end)
    if not quoted:
        bare = _BARE.match(line.text, begin, line.end)
        end = bare.end() if bare else begin
        return line.text[begin:end].strip(), end
    if not _CLOSED.fullmatch(quoted[1]):
        raise _Misread(
            r"the quote is not closed on this line; for a line end write \n", quoted.start(1)
        )
    end = quoted.end()
    if end < line.end and line.text[end] not in ",)":
        raise _Misread("a comma or a bracket is missing behind the quote", end)
    return _ESCAPE.sub(_unescaped, quoted[1][1:-1]), end


def _unescaped(escape: re.Match[str]) -> str:
    return "\n" if escape[1] == "n" else escape[1]


def _written(value: str) -> str:
    if _PLAIN.fullmatch(value):
        return value
    escaped = value.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
    return f'"{escaped}"'
