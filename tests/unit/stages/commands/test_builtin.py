"""The built-in commands."""

from importlib.metadata import version

import orjson
import pytest

from llm_proxy.pipeline.exchange import SessionState
from llm_proxy.stages.commands.builtin import BUILTIN
from llm_proxy.stages.commands.command import Command, CommandError, Desk
from llm_proxy.stages.commands.parser import Call

ECHO = SessionState("local:echo", {"temperature": 0.5, "seed": 7})


def desk(state: SessionState | None = None, *, remembers: bool = True) -> Desk:
    commands = {name: command() for name, command in BUILTIN.items()}
    return Desk(state or SessionState(), commands, "!/", remembers)


def run(at: Desk, name: str, /, *args: str, **options: str) -> str:
    return at.commands[name].run(Call(name, args, options), at)


def refused(at: Desk, name: str, /, *args: str, **options: str) -> str:
    before = at.state
    with pytest.raises(CommandError) as caught:
        run(at, name, *args, **options)
    assert before is at.state
    assert not at.changed
    return str(caught.value)


def test_these_are_built_in_under_their_own_names() -> None:
    assert list(BUILTIN) == ["hello", "help", "model", "set", "unset"]
    assert list(BUILTIN) == [command.name for command in BUILTIN.values()]


def test_hello_tells_the_version() -> None:
    number = version("llm-interactive-proxy")
    expected = f"Hello, this is LLM Interactive Proxy {number}. !/help lists commands."
    assert expected == run(desk(), "hello")


def test_help_has_a_line_for_each_command() -> None:
    lines = run(desk(), "help").split("\n")
    assert len(BUILTIN) == len(lines)
    assert lines[0] == "- `!/hello`: Says that the proxy is there."
    assert lines[2] == (
        "- `!/model` or `!/model(name)`: Shows or sets the model this conversation talks to, "
        "whatever the client asks for."
    )


@pytest.mark.parametrize("name", ["help", "!/help", "HELP"])
def test_help_explains_one_command(name: str) -> None:
    expected = "`!/help` or `!/help(command)`\n\nLists the commands, or explains one."
    assert expected == run(desk(), "help", name)


def test_help_for_a_mistyped_command_has_a_hint() -> None:
    expected = 'there is no command !/modle; did you mean "model"?'
    assert expected == refused(desk(), "help", "modle")
    assert refused(desk(), "help", "xyzzy") == "there is no command !/xyzzy"


def test_a_command_of_another_package_gets_its_page_from_its_docstring() -> None:
    class Shout(Command):
        """shout(text)
        Says it
        loudly. And only once."""

        name = "shout"

        def run(self, call: Call, desk: Desk) -> str:
            return call.args[0].upper()

    at = desk()
    at.commands = {"shout": Shout()}
    at.commands["help"] = BUILTIN["help"]()  # type: ignore[index]
    assert run(at, "help").split("\n")[0] == "- `!/shout(text)`: Says it loudly."
    assert run(at, "help", "shout") == "`!/shout(text)`\n\nSays it loudly. And only once."


def test_model_shows_what_is_set() -> None:
    assert run(desk(), "model") == "No model is set: the client's own choice is used."
    assert run(desk(ECHO), "model") == "The model is local:echo."


def test_model_sets_the_model_and_nothing_else() -> None:
    at = desk(ECHO)
    assert run(at, "model", "openai:gpt-4") == "The model is now openai:gpt-4."
    assert at.changed
    assert SessionState("openai:gpt-4", ECHO.params) == at.state


def test_model_takes_its_name_as_an_option() -> None:
    at = desk()
    run(at, "model", name="x")
    assert at.state.model == "x"


def test_model_without_a_name_asks_for_one() -> None:
    expected = "which model? Write !/model(name)"
    assert expected == refused(desk(), "model", nmae="x")
    assert expected == refused(desk(), "model", name="")


def test_set_keeps_values_of_the_right_type() -> None:
    at = desk()
    said = run(at, "set", temperature="0.5", max_tokens="1000", reasoning_effort="low")
    assert said == "Set temperature = 0.5, max_tokens = 1000, reasoning_effort = low."
    expected = {"temperature": 0.5, "max_tokens": 1000, "reasoning_effort": "low"}
    assert expected == at.state.params
    assert [float, int, str] == [type(value) for value in at.state.params.values()]


def test_set_adds_to_what_is_set() -> None:
    at = desk(ECHO)
    run(at, "set", temperature="1", top_p="0.9")
    expected = SessionState("local:echo", {"temperature": 1.0, "seed": 7, "top_p": 0.9})
    assert expected == at.state


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("temperature", "3", "temperature: Input should be less than or equal to 2"),
        ("temperature", "-0.1", "temperature: Input should be greater than or equal to 0"),
        ("max_tokens", "0", "max_tokens: Input should be greater than or equal to 1"),
        ("temprature", "1", 'there is no parameter "temprature"; did you mean "temperature"?'),
        ("model", "x", 'there is no parameter "model"'),
    ],
)
def test_set_says_what_is_wrong(name: str, value: str, expected: str) -> None:
    assert expected == refused(desk(), "set", **{name: value})


@pytest.mark.parametrize(
    ("name", "value"),
    [("temperature", "warm"), ("temperature", "nan"), ("top_p", "inf"), ("max_tokens", "1.5")],
)
def test_set_refuses_what_is_no_number_of_the_kind(name: str, value: str) -> None:
    assert refused(desk(), "set", **{name: value}).startswith(f"{name}: ")


def test_set_sets_all_or_nothing() -> None:
    at = desk()
    refused(at, "set", temperature="1", top_p="7")
    assert at.state.params == {}


def test_set_without_a_value_tells_the_names() -> None:
    expected = "write !/set(name=value); names: temperature, top_p, top_k, max_tokens"
    assert refused(desk(), "set").startswith(expected)
    assert refused(desk(), "set", "temperature").startswith(expected)


@pytest.mark.parametrize("name", ["seed", "max_tokens", "top_k"])
def test_what_can_be_set_can_be_kept(name: str) -> None:
    at = desk()
    try:
        run(at, "set", **{name: "9" * 25})
    except CommandError:
        assert at.state.params == {}
    orjson.dumps(at.state.params)


def test_unset_forgets_what_it_names() -> None:
    at = desk(ECHO)
    assert run(at, "unset", "temperature") == "Forgotten: temperature."
    assert SessionState("local:echo", {"seed": 7}) == at.state
    assert run(at, "unset", "model", "seed") == "Forgotten: model, seed."
    assert SessionState() == at.state


def test_unset_alone_forgets_everything() -> None:
    at = desk(ECHO)
    assert run(at, "unset") == "Everything that was set is forgotten."
    assert SessionState() == at.state


def test_unset_forgives_a_value_and_what_was_not_set() -> None:
    at = desk(ECHO)
    assert run(at, "unset", temperature="1") == "Forgotten: temperature."
    assert run(at, "unset", "top_p") == "Forgotten: top_p."
    assert SessionState("local:echo", {"seed": 7}) == at.state


def test_unset_of_a_mistyped_name_has_a_hint() -> None:
    expected = 'there is no parameter "modle"; did you mean "model"?'
    assert expected == refused(desk(ECHO), "unset", "temperature", "modle")


@pytest.mark.parametrize("call", [("model", "x"), ("unset",), ("unset", "model")])
def test_without_a_session_nothing_can_be_remembered(call: tuple[str, ...]) -> None:
    expected = "nothing can be remembered: this chain has no session stage"
    assert expected == refused(desk(remembers=False), *call)
    assert expected == refused(desk(remembers=False), "set", seed="1")
