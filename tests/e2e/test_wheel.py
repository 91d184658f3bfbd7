"""The wheel, installed into an environment that has nothing."""

import subprocess
from pathlib import Path

import pytest

from tests.support.wheels import ENVIRONMENT, environment_with


@pytest.fixture(scope="module")
def environment(proxy_wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return environment_with([proxy_wheel], tmp_path_factory.mktemp("wheel") / "env")


def test_nothing_but_one_package_arrives(environment: Path) -> None:
    (packages,) = environment.glob("lib/python*/site-packages")
    assert {path.name for path in packages.iterdir()} == {
        "llm_proxy",
        "llm_interactive_proxy-0.1.0.dist-info",
    }
    assert not list((packages / "llm_proxy").glob("tests")), "tests stay at home"


def test_it_works_from_anywhere(environment: Path, tmp_path: Path) -> None:
    done = subprocess.run(
        [environment / "bin/llm-proxy", "check"],
        cwd=tmp_path,
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )
    assert done.stderr == ""
    assert "observe → auth → " in done.stdout
