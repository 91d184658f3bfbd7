"""The wheel, installed into an environment that has nothing."""

import os
import shutil
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LEFT_OUT = shutil.ignore_patterns(".git", ".venv", ".types", "build", "*.egg-info", "__pycache__")


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Path:
    work = tmp_path_factory.mktemp("wheel")
    shutil.copytree(ROOT, work / "source", ignore=LEFT_OUT)
    pip = [sys.executable, "-m", "pip"]
    build = ["wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", work, work / "source"]
    subprocess.run([*pip, *build], check=True, capture_output=True, timeout=120)
    (wheel,) = work.glob("*.whl")
    venv.create(work / "env", with_pip=False)
    install = ["--python", work / "env/bin/python", "install", "--no-deps", wheel]
    subprocess.run([*pip, *install], check=True, capture_output=True, timeout=120)
    return work / "env"


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
        # Only our dependencies come from here: an editable install is not followed on this path.
        env={"PATH": os.environ["PATH"], "PYTHONPATH": sysconfig.get_path("purelib")},
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )
    assert done.stderr == ""
    assert "observe → auth → " in done.stdout
