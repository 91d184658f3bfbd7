"""How one command is written."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llm_proxy.stages.commands.grammar import Call, Line, Mistake, read_command

NAMES = st.from_regex(r"[a-z][a-z0-9-]*", fullmatch=True)
KEYS = st.from_regex(r"[A-Za-z_][A-Za-z0-9_-]*", fullmatch=True)
VALUES = st.text() | st.lists(st.sampled_from('\\"\n\r,=()n \u2028')).map("".join)


def read(text: str) -> tuple[Call | Mistake, int] | None:
    return read_command(Line(text, 1, 0, len(text)), 0, "!/")


@pytest.mark.parametrize(
    ("text", "call"),
    [
        ("!/hello", Call("hello")),
        ("!/HELLO", Call("hello")),
        ("!/hello()", Call("hello")),
        ("!/hello( )", Call("hello")),
        ("!/my-own2(x)", Call("my-own2", ("x",))),
        ("!/route_List", Call("route-list")),
        ("!/model(local:echo)", Call("model", ("local:echo",))),
        ("!/model( a b , c )", Call("model", ("a b", "c"))),
        ("!/model(,a,)", Call("model", ("", "a", ""))),
        ('!/model("a, b)")', Call("model", ("a, b)",))),
        ('!/model("")', Call("model", ("",))),
        (r'!/model("a \"b\" \\")', Call("model", ('a "b" \\',))),
        (r'!/model("a\nb\\n", "C:\Users")', Call("model", ("a\nb\\n", r"C:\Users"))),
        (r"!/model(C:\new)", Call("model", (r"C:\new",))),
        ("!/set(a=1, b_c = x=y)", Call("set", (), {"a": "1", "b_c": "x=y"})),
        ('!/set(a="1,2", b=)', Call("set", (), {"a": "1,2", "b": ""})),
        ("!/set(a=1, )", Call("set", (), {"a": "1"})),
        ("!/set(x, a=1)", Call("set", ("x",), {"a": "1"})),
    ],
)
def test_a_call_is_read(text: str, call: Call) -> None:
    assert (call, len(text)) == read(text)


@pytest.mark.parametrize(
    ("text", "message", "column"),
    [
        ("!/set(a=1", "the bracket of set( is not closed", 6),
        ("!/SET(", "the bracket of set( is not closed", 6),
        ('!/set(a, "b)', r"the quote is not closed on this line; for a line end write \n", 10),
        ('!/set("b\\")', r"the quote is not closed on this line; for a line end write \n", 7),
        ('!/set("b\\', r"the quote is not closed on this line; for a line end write \n", 7),
        ('!/set(a="1" 2)', "a comma or a bracket is missing behind the quote", 13),
        ("!/set(a=1, a=2)", "a is given twice", 12),
        ("!/set(top_p=1, TOP-P=2)", "TOP-P is given twice", 16),
    ],
)
def test_a_mistake_is_located_and_takes_the_line(text: str, message: str, column: int) -> None:
    assert (Mistake(message, 1, column), len(text)) == read(text)


@pytest.mark.parametrize("text", ["", "!/", "!/ hello", "!/1", "!/(hello)", "!/a/b", "!/a.b", "a"])
def test_what_is_no_command_is_none(text: str) -> None:
    assert read(text) is None


@pytest.mark.parametrize("behind", ["", " ", ".", "</task>", "!/help", ", please", "\r"])
def test_a_name_ends_before_what_cannot_belong_to_it(behind: str) -> None:
    assert read(f"!/hello{behind}") == (Call("hello"), 7)


def test_nothing_behind_the_line_is_read() -> None:
    text = "x\n!/a(b\n,c)"
    expected = Mistake("the bracket of a( is not closed", 2, 4)
    assert (expected, 7) == read_command(Line(text, 2, 2, 7), 2, "!/")


def test_the_place_of_a_call_makes_no_difference() -> None:
    assert Call("a", line=1) == Call("a", line=2)


@given(NAMES, st.lists(VALUES), st.dictionaries(KEYS, VALUES), st.sampled_from(["!/", "$", "a "]))
def test_a_written_call_is_read_as_it_was(
    name: str, args: list[str], options: dict[str, str], prefix: str
) -> None:
    same = {key.lower().replace("-", "_"): (key, value) for key, value in options.items()}
    call = Call(name, tuple(args), dict(same.values()))
    text = call.written(prefix)
    assert "\n" not in text
    assert read_command(Line(text, 1, 0, len(text)), 0, prefix) == (call, len(text))
