"""Commands in a text."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llm_proxy.stages.commands.parser import Call, Mistake, Parsed, parse_commands

HELLO = Call("hello")

LINES = st.text(st.characters(exclude_characters="\n"), max_size=20)
ALMOST = st.lists(
    st.sampled_from(["!/", "!", "/", "a", "set", "(", ")", ",", "=", '"', "\\", "\n", " ", "```"])
    | st.text(max_size=3)
).map("".join)


def printed(call: Call) -> str:
    def quoted(value: str) -> str:
        return '"' + re.sub(r'(["\\])', r"\\\1", value) + '"'

    arguments = [quoted(value) for value in call.args]
    arguments += [f"{key}={quoted(value)}" for key, value in call.options.items()]
    return f"!/{call.name}({', '.join(arguments)})"


@pytest.mark.parametrize(
    ("text", "calls", "rest"),
    [
        ("!/hello", [HELLO], ""),
        ("!/Hello", [HELLO], ""),
        ("!/hello()", [HELLO], ""),
        ("!/hello( )", [HELLO], ""),
        ("!/hello\nthere", [HELLO], "there"),
        ("!/hello \t\r\nthere", [HELLO], "there"),
        ("!/hello there", [HELLO], "there"),
        ("!/hello\n\nthere", [HELLO], "\nthere"),
        ("before\n!/hello\nafter", [HELLO], "before\nafter"),
        ("before\n!/hello", [HELLO], "before\n"),
        ("!/hello\n!/help\n", [HELLO, Call("help")], ""),
        ("a\n!/hello\nb\n!/help\nc", [HELLO, Call("help")], "a\nb\nc"),
        ("!/my-own2(x)", [Call("my-own2", ("x",))], ""),
        ("!/model(local:echo)", [Call("model", ("local:echo",))], ""),
        ("!/model( a b , c )", [Call("model", ("a b", "c"))], ""),
        ('!/model("a, b)")', [Call("model", ("a, b)",))], ""),
        (r'!/model("a \"b\" \\")', [Call("model", ('a "b" \\',))], ""),
        ("!/set(a=1, b_c = x=y)", [Call("set", (), {"a": "1", "b_c": "x=y"})], ""),
        ('!/set(a="1,2", b=)', [Call("set", (), {"a": "1,2", "b": ""})], ""),
        ("!/set(a=1,a=2)", [Call("set", (), {"a": "2"})], ""),
        ("!/set(x, a=1)", [Call("set", ("x",), {"a": "1"})], ""),
        ('!/set(a="one\ntwo")\nrest', [Call("set", (), {"a": "one\ntwo"})], "rest"),
        ("!/set(a=1", [Mistake("the bracket of set( is not closed")], ""),
        ("!/set(a=1\nrest", [Mistake("the bracket of set( is not closed")], "rest"),
        ('!/set(a="1)\nrest', [Call("set", (), {"a": '"1'})], "rest"),
        ('!/set(a="1"2)\nrest', [Mistake("the bracket of set( is not closed")], "rest"),
        ("!/set(\n!/hello", [Mistake("the bracket of set( is not closed"), HELLO], ""),
    ],
)
def test_commands_are_read_and_cut_out(text: str, calls: list[object], rest: str) -> None:
    assert Parsed(tuple(calls), rest) == parse_commands(text, "!/")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "hello",
        "!/",
        "!/ hello",
        "!/1",
        "!/(hello)",
        "say !/hello",
        " !/hello",
        "\t!/hello",
        "a\n    !/hello",
        "`!/hello`",
        "> !/hello",
        ">!/hello",
        "- !/hello",
        "```\n!/hello\n```",
        "```python\n!/hello\n```\n",
        "~~~\n!/hello\n~~~",
        "   ```\n!/hello\n   ```",
        "```\n!/hello",
        "````\n```\n!/hello\n````",
        "```\n~~~\n!/hello\n```",
        "```\n``\n!/hello\n```",
        "text\n```\na\n```\ntext\n```\n!/hello\n```\n",
    ],
)
def test_a_text_without_commands_stays(text: str) -> None:
    assert Parsed((), text) == parse_commands(text, "!/")


@pytest.mark.parametrize(
    ("text", "rest"),
    [
        ("```\n!/help\n```\n!/hello", "```\n!/help\n```\n"),
        ("```\n!/help\n````\n!/hello", "```\n!/help\n````\n"),
        ("~~~\n```\n~~~\n!/hello", "~~~\n```\n~~~\n"),
        ("> !/help\n!/hello", "> !/help\n"),
        ("    ```\n!/hello", "    ```\n"),
        ("!/hello\n```\n!/help\n```", "```\n!/help\n```"),
    ],
)
def test_only_what_stands_outside_a_fence_or_a_quote_counts(text: str, rest: str) -> None:
    assert Parsed((HELLO,), rest) == parse_commands(text, "!/")


def test_a_fence_with_a_language_does_not_close_another() -> None:
    # CommonMark: a closing fence has nothing behind it.
    text = "```\n```python\n!/hello\n```"
    assert Parsed((), text) == parse_commands(text, "!/")


def test_code_within_one_line_opens_no_fence() -> None:
    # CommonMark: what follows an opening fence of backticks has no backtick.
    text = "```a = 1``` is what I want\n!/hello"
    assert Parsed((HELLO,), "```a = 1``` is what I want\n") == parse_commands(text, "!/")


def test_an_empty_value_in_quotes_is_an_argument() -> None:
    assert Parsed((Call("model", ("",)),), "") == parse_commands('!/model("")', "!/")


@pytest.mark.parametrize("prefix", ["/", "!", "$$", "(", ".*", "proxy:"])
def test_the_prefix_may_be_another(prefix: str) -> None:
    assert Parsed((HELLO,), "x") == parse_commands(f"{prefix}hello\nx", prefix)


@given(ALMOST)
def test_no_text_raises(text: str) -> None:
    parsed = parse_commands(text, "!/")
    assert parsed.calls or text == parsed.rest


@given(
    st.from_regex(r"[a-z][a-z0-9-]*", fullmatch=True),
    st.lists(st.text()).filter(lambda args: args != [""]),
    st.dictionaries(st.from_regex(r"[A-Za-z_][A-Za-z0-9_-]*", fullmatch=True), st.text()),
    LINES.map(str.lstrip).filter(lambda line: not line.startswith("!/")),
)
def test_a_printed_call_is_read_as_it_was(
    name: str, args: list[str], options: dict[str, str], behind: str
) -> None:
    call = Call(name, tuple(args), options)
    assert Parsed((call,), behind) == parse_commands(f"{printed(call)}\n{behind}", "!/")


@given(st.text().filter(lambda text: "!/" not in text))
def test_a_text_without_the_prefix_is_unchanged(text: str) -> None:
    assert Parsed((), text) == parse_commands(text, "!/")


@given(st.lists(LINES.map(lambda line: f" {line}!/set(a=1)")))
def test_a_text_with_the_prefix_inside_its_lines_is_unchanged(lines: list[str]) -> None:
    text = "\n".join(lines)
    assert Parsed((), text) == parse_commands(text, "!/")


@given(
    st.sampled_from(["```", "````", "~~~", "  ~~~~"]),
    st.sampled_from(["", "python", " text "]),
    st.lists(st.just("!/hello") | LINES.filter(lambda line: not re.match(r" *(```|~~~)", line))),
    st.sampled_from(["", "\n"]),
)
def test_nothing_in_a_fence_counts(fence: str, info: str, lines: list[str], end: str) -> None:
    text = "\n".join([f"{fence}{info}", *lines, f"{fence}{end}"])
    assert Parsed((), text) == parse_commands(text, "!/")


@given(st.lists((st.just("!/hello") | LINES).map(lambda line: f">{line}")))
def test_nothing_on_a_quoted_line_counts(lines: list[str]) -> None:
    text = "\n".join(lines)
    assert Parsed((), text) == parse_commands(text, "!/")
