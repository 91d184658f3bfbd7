"""The lock files install what they say, whatever has been published since."""

import re
from importlib.metadata import distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

REQUIREMENTS = Path(__file__).parents[2] / "requirements"
LOCKS = ("run.lock", "dev.lock")
_PIN = re.compile(r"^([\w.-]+)(?:\[([\w,.-]+)\])?==", re.MULTILINE)


def pins(lock: str) -> dict[str, set[str]]:
    """Each pinned distribution with the extras that its pin names."""
    text = (REQUIREMENTS / lock).read_text(encoding="utf-8")
    return {
        canonicalize_name(name): set(extras.split(",")) - {""}
        for name, extras in _PIN.findall(text)
    }


@pytest.mark.parametrize("lock", LOCKS)
def test_an_extra_that_something_asks_for_is_pinned_as_such(lock: str) -> None:
    """Older installers take a pin without its extra for another requirement, look for the newest
    version, and find no hash for it."""
    pinned = pins(lock)
    for distribution in distributions():
        if canonicalize_name(distribution.name) not in pinned:
            continue
        for line in distribution.requires or ():
            asked = Requirement(line)
            applies = asked.marker is None or asked.marker.evaluate({"extra": ""})
            if asked.extras and applies and canonicalize_name(asked.name) in pinned:
                assert asked.extras <= pinned[canonicalize_name(asked.name)], line


@pytest.mark.parametrize("lock", LOCKS)
def test_no_lock_names_an_address(lock: str) -> None:
    assert "://" not in (REQUIREMENTS / lock).read_text(encoding="utf-8")
