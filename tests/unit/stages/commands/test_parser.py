"""Commands in the texts of a message."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llm_proxy.stages.commands.parser import Call, Mistake, Parsed, parse_commands, parse_texts

HELLO = Call("hello")

LINES = st.text(st.characters(exclude_characters="\n"), max_size=20)
PIECES = [
    *("!/", "!/help", "!/set(", "!/a(b)", "(", ")", ",", "=", '"', "\\", "a", " ", "\t"),
    *("\n", "\n", "\n!/help\n", "\r", "\x0b", "\u2028", "\u200b", ">", "```", "~~~~", "\n```\n"),
    *("<task>", "</task>", "<a>", "</a>", "\n<a>\n", "\n</a>\n", "<a/>", "<system-reminder>"),
    *(
        "</system-reminder>",
        "\n--- Content from x ---\n",
        "\n--- End of content ---\n",
        "[ls] Result:",
    ),
]
NASTY = st.lists(st.sampled_from(PIECES) | st.text(max_size=3), max_size=30).map("".join)


def written(parsed: Parsed) -> str:
    """The calls of a text, one on a line."""
    return "\n".join(call.written("!/") for call in parsed.calls if isinstance(call, Call))


@pytest.mark.parametrize(
    ("text", "calls", "rest"),
    [
        ("!/hello", [HELLO], ""),
        ("!/hello\nthere", [HELLO], "there"),
        ("!/hello \t\r\nthere", [HELLO], "there"),
        ("!/hello there", [HELLO], "there"),
        ("!/hello\n\nthere", [HELLO], "\nthere"),
        ("before\n!/hello\nafter", [HELLO], "before\nafter"),
        ("before\r\n!/hello\r\nafter", [HELLO], "before\r\nafter"),
        ("before\n!/hello", [HELLO], "before\n"),
        ("!/hello\n!/help\n", [HELLO, Call("help")], ""),
        ("!/hello !/a(b)\t!/hello()!/help x", [HELLO, Call("a", ("b",)), HELLO, Call("help")], "x"),
        ("!/hello and !/help", [HELLO], "and !/help"),
        ("a\n!/hello\nb\n!/help\nc", [HELLO, Call("help")], "a\nb\nc"),
        ("!/set(\n!/hello", [Mistake("the bracket of set( is not closed", 1, 6), HELLO], ""),
        ("a\n!/set(1\nb", [Mistake("the bracket of set( is not closed", 2, 6)], "a\nb"),
    ],
)
def test_commands_are_read_and_cut_out(text: str, calls: list[Call | Mistake], rest: str) -> None:
    assert Parsed(tuple(calls), rest) == parse_commands(text, "!/")


def test_calls_and_mistakes_know_their_lines() -> None:
    parsed = parse_commands("a\n!/hello !/hello\n\n\nb\n!/hello\n  \n!/x(y", "!/")
    assert [call.line for call in parsed.calls] == [2, 2, 6, 8]


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


@pytest.mark.parametrize("prefix", ["/", "!", "$$", "(", ".*", "proxy:"])
def test_the_prefix_may_be_another(prefix: str) -> None:
    assert Parsed((HELLO,), "x") == parse_commands(f"{prefix}hello\nx", prefix)


@given(NASTY)
def test_no_text_raises_and_without_commands_it_is_the_same_object(text: str) -> None:
    parsed = parse_commands(text, "!/")
    assert parsed.calls or parsed.rest is text


@given(st.lists(NASTY, max_size=3))
def test_what_is_left_has_no_command(texts: list[str]) -> None:
    rests = [parsed.rest for parsed in parse_texts(texts, "!/")]
    again = parse_texts(rests, "!/")
    assert [Parsed((), rest) for rest in rests] == list(again)


@given(NASTY)
def test_cutting_takes_characters_out_and_changes_none(text: str) -> None:
    left = iter(text)
    assert all(character in left for character in parse_commands(text, "!/").rest)


@given(st.lists(st.sampled_from(["!/hello", "!/set(a=1)", "text", "a !/b", ""])))
def test_what_is_not_a_command_stays_line_for_line(lines: list[str]) -> None:
    text = "".join(f"{line}\n" for line in lines)
    parsed = parse_commands(text, "!/")
    kept = [line for line in lines if not line.startswith("!/")]
    assert parsed.rest == "".join(f"{line}\n" for line in kept)
    assert written(parsed) == "\n".join(line for line in lines if line.startswith("!/"))


@given(st.text().filter(lambda text: "!/" not in text))
def test_a_text_without_the_prefix_is_unchanged(text: str) -> None:
    assert Parsed((), text) == parse_commands(text, "!/")


@given(st.lists(LINES.map(lambda line: f" {line}!/set(a=1)")))
def test_a_text_with_the_prefix_inside_its_lines_is_unchanged(lines: list[str]) -> None:
    text = "\n".join(lines)
    assert Parsed((), text) == parse_commands(text, "!/")


@pytest.mark.parametrize("text", ["!/bin/sh", "!/notes.txt", "!/helpé", "!/C\\D", "\u200b!/help"])
def test_what_only_looks_like_a_command_stays(text: str) -> None:
    assert Parsed((), text) == parse_commands(text, "!/")


@pytest.mark.parametrize("separator", ["\r", "\x0b", "\x0c", "\x1e", "\x85", "\u2028", "\u2029"])
def test_only_a_line_feed_starts_a_line(separator: str) -> None:
    text = f"some text{separator}!/hello"
    assert Parsed((), text) == parse_commands(text, "!/")


@pytest.mark.parametrize(
    "piece",
    [
        *(
            "!/a",
            "!/a ",
            "!/a\n",
            "!/a(",
            "!/a(\n",
            '!/a("',
            '!/a("\n',
            '!/a(x","y="\n',
            "!/a()\n>",
        ),
        *("!/a(b,", "!/a(b=", '\\"', '!/a("\\', "\n", "\r", " ", "\t\n", "```\n", "~~~ `\n", "~"),
        *("<a", "<a>", "<a> ", "</a", "</a ", "<a></a>", "\n<a>\n</a>", "<task>", "</task>\n"),
        *("--- Content from a ---\n--- End of content ---\n", "--- Content from ", "--- End of "),
        *("\u2028", "[a for ", "!/!/", "a"),
    ],
)
@pytest.mark.parametrize("before", ["!/help\n", "a "])
@pytest.mark.timeout(10)
def test_a_long_text_is_read_in_passing(before: str, piece: str) -> None:
    # A reader that went back for each line would need far longer than a test may take.
    text = before + piece * (100_000 // len(piece)) + "\n!/"
    assert text.endswith(parse_commands(text, "!/").rest[-2:])


def test_many_elements_of_different_names_are_read_in_passing() -> None:
    text = "!/hello\n" + "".join(f"<a{n}></a{n}> <b{n}>" for n in range(10_000))
    assert (HELLO,) == parse_commands(text, "!/").calls


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (["!/help"], True),
        (["!/help\n \n"], True),
        (["!/help me"], False),
        (["<task>\n!/help\n</task>"], True),
        (["<task>!/help</task>"], True),
        (["<task>\n!/help\nplease</task>"], False),
        (
            [
                "<user_query>\n!/help\n</user_query>",
                "<environment_details>\nx\n</environment_details>",
            ],
            True,
        ),
        (["<system-reminder>\nx\n</system-reminder>\n", "!/help"], True),
        (["<system-reminder>\nx\n</system-reminder>\n", "!/help", "what?"], False),
        (["<system-reminder>\nnot closed", "!/help"], False),
        (["<div>\n</div>\n", "!/help"], False),
        (["!/help\n```\ncode\n```"], False),
        (["!/help\n--- Content from a ---\nx\n--- End of content ---"], False),
    ],
)
def test_a_message_may_be_commands_alone(texts: list[str], expected: bool) -> None:  # noqa: FBT001
    parsed = parse_texts(texts, "!/")
    assert expected is not any(each.says_more for each in parsed)
    assert any(each.is_only_commands for each in parsed) or not expected
