"""What clients say."""

from math import inf

import pytest

from llm_proxy.stages.cache.wishes import Wishes, wishes_in

SAID = {
    "": Wishes(),
    "no-cache": Wishes(oldest=0),
    "No-Cache, no-store": Wishes(may_be_kept=False, oldest=0),
    "no-store": Wishes(may_be_kept=False),
    "max-age=0": Wishes(oldest=0),
    "max-age=60": Wishes(oldest=60),
    ' max-age="60" , max-age=9,': Wishes(oldest=9),
    "max-age=-1": Wishes(),
    "max-age=soon, private, x-max-age=1": Wishes(),
    "max-age=99999999999999999999": Wishes(),
}


@pytest.mark.parametrize(("header", "wishes"), SAID.items())
def test_cache_control(header: str, wishes: Wishes) -> None:
    assert wishes == wishes_in({"cache-control": header})


@pytest.mark.parametrize(
    ("header", "on"), [("on", True), (" ON ", True), ("off", False), ("", None), ("yes", None)]
)
def test_the_headers_own_words(header: str, on: bool | None) -> None:  # noqa: FBT001 - a parameter
    assert Wishes(on) == wishes_in({"x-llm-proxy-cache": header})


def test_nothing_is_said() -> None:
    assert Wishes(None, may_be_kept=True, oldest=inf) == wishes_in({})
