import pytest

from llm_proxy.pipeline.blame import one_line, starting
from llm_proxy.pipeline.errors import ConfigError


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (OSError("no\n  such   file"), "OSError: no such file"),
        (KeyError("x"), "KeyError: 'x'"),
        (ValueError(), "ValueError"),
        (SystemExit(3), "SystemExit: 3"),
    ],
)
def test_an_error_on_one_line(error: BaseException, line: str) -> None:
    assert one_line(error) == line


@pytest.mark.parametrize("error", [OSError("boom"), SystemExit("boom"), StopIteration("boom")])
def test_what_a_start_raises_is_a_problem_of_the_configuration(error: BaseException) -> None:
    with pytest.raises(ConfigError) as raised, starting("f.toml:3: stages.a: the stage"):
        raise error
    kind = type(error).__name__
    assert raised.value.problems == [f"f.toml:3: stages.a: the stage does not start: {kind}: boom"]
    assert raised.value.__cause__ is error


def test_an_interrupt_is_nobodys_fault() -> None:
    with pytest.raises(KeyboardInterrupt), starting("a stage"):
        raise KeyboardInterrupt
