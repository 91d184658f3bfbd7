"""What is wrong with an order."""

from collections.abc import Sequence
from typing import Any

import pytest

from llm_proxy.pipeline.chain import order_problems
from llm_proxy.pipeline.stage import Stage
from tests.unit.pipeline.planning import Plain


def kind(provides: str = "", requires: str = "", *, last: bool = False) -> type[Stage[Any]]:
    names = {"provides": frozenset(provides.split()), "requires": frozenset(requires.split())}
    return type("Kind", (Plain,), {**names, "last": last})


STAGES = {
    "plain": kind(),
    "auth": kind(provides="caller"),
    "limit": kind(requires="caller"),
    "session": kind(provides="session", requires="caller"),
    "both": kind(requires="caller session"),
    "dispatch": kind(last=True),
}
LIMIT_AFTER_AUTH = '"limit" needs what "auth" provides: put it after "auth"'
DISPATCH_LAST = '"dispatch" ends the chain: move it to the end'


@pytest.mark.parametrize(
    ("order", "problems"),
    [
        ("", []),
        ("dispatch", []),
        ("auth plain limit dispatch", []),
        ("auth limit auth dispatch", []),
        ("limit dispatch", []),  # nobody provides it: it goes without
        ("auth session both dispatch", []),
        ("plain limit auth dispatch", [(1, LIMIT_AFTER_AUTH)]),
        ("limit auth limit dispatch", [(0, LIMIT_AFTER_AUTH)]),
        (
            "auth both session dispatch",
            [(1, '"both" needs what "session" provides: put it after "session"')],
        ),
        ("dispatch plain", [(0, DISPATCH_LAST)]),
        ("dispatch dispatch", [(0, DISPATCH_LAST)]),
        ("plain auth", [(1, 'nothing sends the request on: end with "dispatch"')]),
        ("limit dispatch auth", [(0, LIMIT_AFTER_AUTH), (1, DISPATCH_LAST)]),
    ],
)
def test_order(order: str, problems: Sequence[tuple[int, str]]) -> None:
    assert problems == order_problems([(name, STAGES[name]) for name in order.split()])
