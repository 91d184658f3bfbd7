"""Which targets a name stands for, and their order."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from unittest.mock import Mock

import aiohttp
import pytest

from llm_proxy.pipeline.breaker import BreakerLimits
from llm_proxy.pipeline.errors import BadRequest, Forbidden
from llm_proxy.pipeline.exchange import Caller
from llm_proxy.pipeline.grants import Grants
from llm_proxy.pipeline.health import Health
from llm_proxy.pipeline.session_state import SessionState
from llm_proxy.pipeline.stage import Kit, View
from llm_proxy.pipeline.state.memory import MemoryStore
from llm_proxy.pipeline.trace import Target
from llm_proxy.stages.failover.options import FailoverOptions
from llm_proxy.stages.failover.targets import Choices
from tests.support.clock import Clock
from tests.support.sessions import Kept
from tests.support.stages import asking
from tests.support.targets import Keyed

ROUTE = [
    {"backend": "x", "model": "a", "weight": 6},
    {"backend": "y", "model": "b", "weight": 3},
    {"backend": "x", "model": "c"},
]


class Names:
    """A file's routes and backends: `x` with two keys, `y` with none."""

    def __init__(self, **options: Any) -> None:
        route = {"attempts": ROUTE, **options.pop("route", {})}
        given = {"routes": {"m": route, "o": {"attempts": ROUTE[1:2]}}, **options}
        self.options = FailoverOptions.model_validate(given)
        self.clock = Clock()
        self.health = Health(self.clock)
        self.kit = Kit(
            http=Mock(spec=aiohttp.ClientSession),
            store=MemoryStore(self.clock),
            backends={"x": Keyed(("1", "2")), "y": Keyed(())},  # type: ignore[dict-item]
            off={"z": "no key"},
            default_backend="y",
        )
        self.choices = Choices(self.options, self.kit)

    def of(self, name: str, target: Target | None = None, **edits: Sequence[str]) -> list[str]:
        """What is tried for a name, where the session has edited these routes."""
        routes = {name: tuple(targets) for name, targets in edits.items()}
        exchange = replace(asking(model=name), session=Kept(SessionState(routes=routes)).session)
        exchange = exchange.at(target) if target else exchange
        targets = self.choices.of(exchange).in_order(self.health, asking(stream=True).request)
        return [f"{t.model}{t.key}" for t in targets]


def test_a_route_is_its_targets_with_all_their_keys() -> None:
    assert Names().of("m") == ["a1", "a2", "b", "c1", "c2"]


def test_the_models_of_a_key_can_come_first() -> None:
    assert Names(exhaust="models").of("m") == ["a1", "b", "c1", "a2", "c2"]
    assert Names(exhaust="models", route={"exhaust": "keys"}).of("m")[:2] == ["a1", "a2"]


@pytest.mark.parametrize(
    ("name", "targets"),
    [
        ("x:a", ["a1", "a2"]),
        ("plain", ["plain"]),
        ("z:off", ["off"]),
        ("y:q|x:a", ["q", "a1", "a2"]),
        ("o | plain", ["b", "plain"]),
        ("m|y:last", ["a1", "a2", "b", "c1", "c2", "last"]),
        ("y:q|y:q", ["q"]),
    ],
)
def test_a_name_without_a_route_and_several_with_a_line_between(
    name: str, targets: Sequence[str]
) -> None:
    assert Names().of(name) == targets


@pytest.mark.parametrize(
    "name", ["a|", "|a", "a||b", "|", "|".join("abcdefghijklmnopq"), "a" * 513]
)
def test_lines_between_nothing_and_too_many_are_the_clients_mistake(name: str) -> None:
    with pytest.raises(BadRequest) as caught:
        Names().of(name)
    assert caught.value.param == "model"


def test_a_target_that_is_set_is_the_only_one_and_its_key_too() -> None:
    assert Names().of("m", Target("x", "q")) == ["q1", "q2"]
    assert Names().of("m", Target("x", "q", "2")) == ["q2"]


def test_a_route_that_the_session_has_edited_is_what_it_says() -> None:
    assert Names().of("m", m=["y:q", "x:a"]) == ["q", "a1", "a2"]
    assert Names().of("o", m=["y:q"]) == ["b"]
    assert Names(route={"exhaust": "models"}).of("m", m=["x:a", "y:q"]) == ["a1", "q", "a2"]


def test_a_route_that_the_session_has_emptied_stands_for_itself() -> None:
    assert Names().of("o", o=[]) == ["o"]


@pytest.mark.parametrize(
    ("name", "edits", "targets"),
    [
        ("new", {"new": ["x:a", "y:b"]}, ["a1", "a2", "b"]),
        ("new|y:q", {"new": ["x:a"]}, ["a1", "a2", "q"]),
        ("m|y:q", {"m": ["y:z"]}, ["z", "q"]),
        ("x:a", {"x:a": ["y:b"]}, ["b"]),
        ("a|b", {"a|b": ["y:q"]}, ["q"]),
        ("plain", {"new": ["x:a"]}, ["plain"]),
        ("new", {"new": ["m"]}, ["m"]),
    ],
)
def test_a_session_may_make_a_route_of_any_name(
    name: str, edits: dict[str, list[str]], targets: Sequence[str]
) -> None:
    assert Names().of(name, None, **edits) == targets


def test_a_target_that_is_set_goes_before_an_edited_route() -> None:
    assert Names().of("m", Target("x", "q"), m=["y:z"]) == ["q1", "q2"]


def test_targets_of_the_file_keep_their_weights_in_an_edited_route() -> None:
    names = Names(policy="weighted")
    firsts = Counter(names.of("m", m=["y:new", "x:a"])[0][0] for _ in range(700))
    assert 540 < firsts["a"] < 660


def test_by_weight_the_first_is_one_by_chance() -> None:
    names = Names(policy="weighted")
    firsts = Counter(names.of("m")[0][0] for _ in range(3000))
    assert 1600 < firsts["a"] < 2000
    assert 750 < firsts["b"] < 1050
    assert 200 < firsts["c"] < 400


def test_by_weight_keys_take_turns() -> None:
    names = Names(policy="weighted")
    firsts = Counter(names.of("x:a")[0] for _ in range(400))
    assert min(firsts["a1"], firsts["a2"]) > 130


def test_the_least_busy_comes_first() -> None:
    names = Names(policy="least_busy")
    for target, count in ((Target("x", "a", "1"), 2), (Target("x", "a", "2"), 1)):
        for _ in range(count):
            names.health.of(target).enter(BreakerLimits(), "streamed")
    assert names.of("m") == ["b", "c1", "c2", "a2", "a1"]


def test_the_fastest_lately_comes_first_and_who_is_not_known_before_it() -> None:
    names = Names(policy="fastest")
    times = {("x", "a", "1"): 3, ("x", "a", "2"): 3, ("y", "b", ""): 1, ("x", "c", "1"): 2}
    for target, seconds in times.items():
        call = names.health.of(Target(*target)).enter(BreakerLimits(), "streamed")
        names.clock.now += seconds
        call.answered()
    assert names.of("m") == ["c2", "c1", "b", "a1", "a2"]


def allowed(names: Names, name: str, *models: str, **edits: Sequence[str]) -> list[str]:
    caller = Caller("c", "acme", Grants(models=models))
    routes = {name: tuple(targets) for name, targets in edits.items()}
    exchange = replace(asking(model=name), session=Kept(SessionState(routes=routes)).session)
    choice = names.choices.of(replace(exchange, caller=caller))
    return [str(target) for target in choice.targets]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("m", ["x:a"]),
        ("m|y:a", ["x:a", "y:a"]),
        ("x:c|y:a", ["y:a"]),
        ("edited", ["y:a"]),
    ],
)
def test_of_several_targets_those_are_left_that_may_be_asked(
    name: str, expected: Sequence[str]
) -> None:
    assert allowed(Names(), name, "a", edited=("x:b", "y:a")) == expected


@pytest.mark.parametrize("name", ["o", "y:b", "b", "x:b|x:c", "edited"])
def test_where_none_is_left_it_is_refused(name: str) -> None:
    with pytest.raises(Forbidden, match=r'^this key may not ask "[xy]:b"$'):
        allowed(Names(), name, "a", edited=("x:b",))


def test_a_target_that_was_set_before_must_be_allowed_as_well() -> None:
    caller = Caller("c", "acme", Grants(backends=("x",)))
    names = Names()
    exchange = replace(asking(model="x:a"), caller=caller).at(Target("y", "a"))
    with pytest.raises(Forbidden):
        names.choices.of(exchange)


def test_what_is_the_same_for_each_request_is_worked_out_once() -> None:
    choices = Names().choices
    assert choices.of(asking(model="m")) is choices.of(asking(model="m", stream=True))


def test_what_is_known_of_a_name_is_not_what_a_session_has_made_of_it() -> None:
    names = Names()
    assert names.of("m")[0] == "a1"
    assert names.of("m", m=["y:q"]) == ["q"]
    assert names.of("m")[0] == "a1"


def test_what_one_caller_may_ask_says_nothing_of_others() -> None:
    names = Names()
    assert allowed(names, "m", "b") == ["y:b"]
    assert names.of("m") == ["a1", "a2", "b", "c1", "c2"]
    assert allowed(names, "m", "a") == ["x:a"]


def test_not_all_names_that_clients_think_of_are_remembered() -> None:
    names = Names()
    for number in range(1000):
        names.of(f"x:{number}")
    assert names.choices._unedited.cache_info().currsize < 1000


def test_a_name_that_is_refused_is_refused_again_and_not_remembered() -> None:
    names = Names()
    for _ in range(2):
        with pytest.raises(BadRequest):
            names.of("x" * 1000)
    assert names.choices._unedited.cache_info().currsize == 0


@pytest.mark.parametrize("policy", ["ordered", "weighted", "least_busy", "fastest"])
def test_it_is_told_which_are_tried_and_which_are_let_alone(policy: str) -> None:
    names = Names(policy=policy)
    choice = names.choices.of(asking(model="o"))
    assert choice.told == choice.telling(choice.ordered, names.health) == f"{policy}: y:b"
    names.health.of(Target("y", "b")).breaker.cool(names.clock.now, 6.5)
    told = choice.telling(choice.ordered, names.health)
    assert told == f"{policy}: y:b (left alone for 7 s)"


def test_a_tenants_choices_are_among_its_own_backends() -> None:
    names = Names()
    own = {"x": Keyed(("1", "2", "3")), "y": Keyed(())}
    view = View(own, {}, names.health)  # type: ignore[arg-type]
    kit = replace(names.kit, views={"acme": view}).seen_by(Caller("c", "acme"))
    choice = Choices(names.options, kit).of(asking(model="x:a"))
    assert [target.key for target in choice.ordered] == ["1", "2", "3"]
    assert names.of("x:a") == ["a1", "a2"]
