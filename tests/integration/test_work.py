"""How much work the whole default chain does for a request: counted, not timed, so that a slow
machine cannot fail it and a dearer chain cannot pass."""

import pytest

from bench.calls import work_of

MOST = {
    "whole": (626, 485),
    "burst": (775, 805),
    "one by one": (7230, 7725),
    "big": (1970, 1895),
}
"""Case (bench/calls.py) → Python calls and C calls that a request may make: some 4 % more than it
does, which is what another version of a library may come to. Whoever makes it cheaper makes these
less; streams have 100 chunks."""


@pytest.mark.parametrize("case", MOST)
def test_a_request_is_no_more_work_than_it_was(case: str) -> None:
    work = work_of("proxy", case)
    python, c = MOST[case]
    assert work.python <= python, f"{case}: {work.told()}"
    assert work.c <= c, f"{case}: {work.told()}"


def test_what_is_counted_is_the_servers_own_work() -> None:
    assert work_of("pass-through", "whole").python < 300
