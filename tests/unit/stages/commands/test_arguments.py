"""What commands are given, checked."""

from dataclasses import replace

import pytest

from llm_proxy.pipeline.exchange import Caller
from llm_proxy.pipeline.grants import Grants
from llm_proxy.pipeline.session_state import SessionState
from llm_proxy.stages.commands.arguments import (
    backend_name,
    backends,
    line,
    model_name,
    no_argument,
    one_argument,
    target_name,
    text,
)
from llm_proxy.stages.commands.command import CommandError, Desk
from llm_proxy.stages.commands.parser import Call
from tests.support.stages import asking
from tests.unit.stages.commands.desks import desk

SEE = "; see !/help(c)"


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        (Call("c"), None),
        (Call("c", ("x",)), "x"),
        (Call("c", (), {"name": " x y "}), "x y"),
    ],
)
def test_one_argument_is_given_alone_or_by_its_name(call: Call, expected: str | None) -> None:
    assert one_argument(call, desk(), "name") == expected


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        (Call("c", ("x", "y")), "c takes one name at most" + SEE),
        (Call("c", ("x",), {"name": "y"}), "c takes one name at most" + SEE),
        (Call("c", (), {"nmae": "x"}), "c takes one name at most" + SEE),
        (Call("c", ("",)), "the name is empty" + SEE),
        (Call("c", (), {"name": " "}), "the name is empty" + SEE),
        (Call("c", ("x\ny",)), "name: one line, please, without control characters"),
        (Call("c", ("x" * 1001,)), "name: at most 1000 characters"),
    ],
)
def test_one_argument_that_is_none(call: Call, expected: str) -> None:
    with pytest.raises(CommandError) as caught:
        one_argument(call, desk(), "name")
    assert str(caught.value) == expected


def test_no_argument() -> None:
    no_argument(Call("c"), desk())
    for call in (Call("c", ("x",)), Call("c", ("",)), Call("c", (), {"a": "b"})):
        with pytest.raises(CommandError, match=r"^c takes nothing; see \$help\(c\)$"):
            no_argument(call, desk(prefix="$"))


@pytest.mark.parametrize("given", ["x" * 1000, "naïve 日本\u3000語 👩\u200d🚀", "a b"])
def test_a_line_may_be_of_any_script(given: str) -> None:
    assert line(f" {given}\n", "n") == given


@pytest.mark.parametrize("unfit", ["\n", "\r", "\t", "\0", "\x1b", "\x7f", "\u2028", "\ud800"])
def test_a_line_has_no_control_characters(unfit: str) -> None:
    with pytest.raises(CommandError, match=r"^n: one line, please, without control characters$"):
        line(f"a{unfit}b", "n")


def test_a_text_may_have_several_lines() -> None:
    assert text("a\r\n\tb ", "n") == "a\r\n\tb "
    assert text("x" * 10_000, "n") == "x" * 10_000


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("", "n: an empty text says nothing"),
        (" \n", "n: an empty text says nothing"),
        ("x" * 10_001, "n: at most 10000 characters"),
        ("a\0b", "n: no control characters, please"),
        ("a\x1bb", "n: no control characters, please"),
        ("a\udfffb", "n: no control characters, please"),
    ],
)
def test_a_text_that_is_none(given: str, expected: str) -> None:
    with pytest.raises(CommandError) as caught:
        text(given, "n")
    assert str(caught.value) == expected


EDITED = SessionState(routes={"new": ("x:c",), "o": ()})
"""`new` is made a route, and `o` is none any more."""


@pytest.mark.parametrize(
    "name",
    ["plain", "x:a", "x:a:b", "llama3:8b", "m", "new", "m|x:a | plain", "new|y:b", "o", "x" * 512],
)
def test_models_that_can_be_asked(name: str) -> None:
    assert model_name(name, desk(EDITED)) == name


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("z:a", 'the backend "z" is off: it has no key'),
        ("yahct:a", 'no backend named "yahct"; did you mean "yacht"?'),
        ("x:", "which model of x? Write x:model"),
        ("z:", 'the backend "z" is off: it has no key'),
        ("x:a||x:b", 'between two "|" there must be a model'),
        ("|", 'between two "|" there must be a model'),
        ("x:a|z:b", 'the backend "z" is off: it has no key'),
        ("|".join("a" * 17), 'more than 16 models with "|" between them'),
        ("x" * 513, "the name of the model is too long"),
    ],
)
def test_models_that_cannot_be_asked(name: str, expected: str) -> None:
    with pytest.raises(CommandError) as caught:
        model_name(name, desk())
    assert str(caught.value) == expected


def test_a_bare_name_needs_a_default_backend_that_is_on() -> None:
    for name in ("plain", "llama3:8b"):
        with pytest.raises(CommandError, match=r'^the backend "z" is off: it has no key$'):
            model_name(name, desk(default="z"))
    assert model_name("m", desk(default="z")) == "m"


@pytest.mark.parametrize(
    ("name", "expected"),
    [("x:a", "x:a"), ("plain", "x:plain"), ("llama3:8b", "x:llama3:8b"), ("o", "x:o")],
)
def test_a_target_is_written_out(name: str, expected: str) -> None:
    assert target_name(name, desk(EDITED)) == expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("m", '"m" is not one target; write backend:model'),
        ("new", '"new" is not one target; write backend:model'),
        ("x:a|y:b", '"x:a|y:b" is not one target; write backend:model'),
        ("z:a", 'the backend "z" is off: it has no key'),
    ],
)
def test_what_is_no_target(name: str, expected: str) -> None:
    with pytest.raises(CommandError) as caught:
        target_name(name, desk(EDITED))
    assert str(caught.value) == expected


def test_a_backend_is_one_that_is_on() -> None:
    assert backend_name("y", desk()) == "y"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("z", 'the backend "z" is off: it has no key'),
        ("yahct", 'no backend named "yahct"; did you mean "yacht"?'),
        ("qqq", 'no backend named "qqq"; these are on: x, y, yacht'),
        ("", 'no backend named ""; these are on: x, y, yacht'),
    ],
)
def test_what_is_no_backend(name: str, expected: str) -> None:
    with pytest.raises(CommandError) as caught:
        backend_name(name, desk())
    assert str(caught.value) == expected


def narrow(**may: tuple[str, ...]) -> Desk:
    """The desk of a caller who may ask so much."""
    return desk(exchange=replace(asking(), caller=Caller("c", "acme", Grants(**may))))


@pytest.mark.parametrize("name", ["y:b", "y:b|y:c", "m"])
def test_what_a_caller_may_ask_can_be_set(name: str) -> None:
    assert model_name(name, narrow(models=("b", "y:c"))) == name


@pytest.mark.parametrize("name", ["x:b", "y:a|x:b", "b"])
def test_what_a_caller_may_not_ask_cannot_be_set(name: str) -> None:
    with pytest.raises(CommandError, match=r"^you may not ask x:b$"):
        model_name(name, narrow(models=("a", "y:b")))
    with pytest.raises(CommandError):
        target_name(name, narrow(models=("a", "y:b")))


def test_backends_that_a_caller_may_not_ask_are_not_spoken_of() -> None:
    at = narrow(backends=("y",))
    assert backends(at) == ["y"]
    assert backend_name("y", at) == "y"
    for name in ("x", "z", "yacht"):
        with pytest.raises(CommandError, match=f'^no backend named "{name}"; these are on: y$'):
            backend_name(name, at)
