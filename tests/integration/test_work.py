"""How much work the whole default chain does for a request: counted, not timed, so that a slow
machine cannot fail it and a dearer chain cannot pass."""

import pytest

from bench.calls import work_of

MOST = {
    "whole": (2.42, 592, 440),
    "burst": (3.45, 746, 742),
    "one by one": (2.10, 6990, 6220),
    "big": (6.45, 1680, 1855),
}
"""Case (bench/calls.py) → how many times the pass-through's bytecodes a request may take, and how
many calls of Python and of C functions: some 4 % more than it does, which is what another version
of a library may come to. Whoever makes it cheaper makes these less; streams have 100 chunks."""


@pytest.mark.parametrize("case", MOST)
def test_a_request_is_no_more_work_than_it_was(case: str) -> None:
    work, least = work_of("proxy", case), work_of("pass-through", case)
    ratio, python, c = MOST[case]
    assert work.bytecodes <= ratio * least.bytecodes, f"{case}: {work.told()}"
    assert work.python <= python, f"{case}: {work.told()}"
    assert work.c <= c, f"{case}: {work.told()}"


def test_what_is_counted_is_the_servers_own_work() -> None:
    assert work_of("pass-through", "whole").python < 300
