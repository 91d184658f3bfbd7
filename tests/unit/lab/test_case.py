"""One thing to try."""

from llm_proxy.lab.case import Case
from llm_proxy.lab.faults import FAULTS
from llm_proxy.lab.routes import Route
from llm_proxy.pipeline.trace import Target

ROUTE = Route("/v1/messages", "r", (Target("a", "x"), Target("b", "y")))


def test_whom_the_fault_meets() -> None:
    first = Case(ROUTE, FAULTS[0], everywhere=False, stream=False)
    every = Case(ROUTE, FAULTS[0], everywhere=True, stream=False)
    assert [first.hits(target) for target in ROUTE.targets] == [True, False]
    assert [every.hits(target) for target in ROUTE.targets] == [True, True]


def test_no_two_of_a_route_have_the_same_id() -> None:
    cases = [
        Case(ROUTE, fault, everywhere=everywhere, stream=stream)
        for fault in FAULTS
        for everywhere in (False, True)
        for stream in (False, True)
    ]
    assert len({case.id for case in cases}) == len(cases) == len(FAULTS) * 4
