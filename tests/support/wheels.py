"""Distributions built and installed as a user's are, without an index."""

import os
import shutil
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

LEFT_OUT = shutil.ignore_patterns(".git", ".venv", ".types", "build", "*.egg-info", "__pycache__")

ENVIRONMENT = {"PATH": os.environ["PATH"], "PYTHONPATH": sysconfig.get_path("purelib")}
"""Where an installed program finds our dependencies, and only these: an editable install is not
followed on this path."""

_PIP = (sys.executable, "-m", "pip")


def wheel_of(source: Path, work: Path) -> Path:
    """Build a wheel from a copy of `source`, in the folder `work`, which is made."""
    shutil.copytree(source, work / "source", ignore=LEFT_OUT)
    build = ["wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", work, work / "source"]
    subprocess.run([*_PIP, *build], check=True, capture_output=True, timeout=120)
    (wheel,) = work.glob("*.whl")
    return wheel


def environment_with(wheels: list[Path], at: Path) -> Path:
    """A new environment that has these wheels and nothing else; gives `at`."""
    venv.create(at, with_pip=False)
    install = ["--python", at / "bin/python", "install", "--no-deps", *wheels]
    subprocess.run([*_PIP, *install], check=True, capture_output=True, timeout=120)
    return at
