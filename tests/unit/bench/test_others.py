import pytest

from bench.others import asked
from bench.processes import Process


def test_nobody_is_measured_who_was_not_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("WITH", raising=False)
    assert asked(Process(1, [])) == {}


def test_a_name_that_is_none_is_told_before_anything_is_installed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("WITH", "litelm, portkey")
    with pytest.raises(SystemExit, match=r"litelm: only litellm, portkey can be measured"):
        asked(Process(1, []))
