import pytest

from llm_proxy.pipeline.dialects.gemini.places import (
    GENERATION,
    OF_GENERATION,
    tier_named,
    tier_sent,
)


def test_every_place_is_found_from_both_sides() -> None:
    assert set(GENERATION) == {OF_GENERATION[name] for name in GENERATION.values()}


@pytest.mark.parametrize(("sent", "name"), [("standard", "default"), ("flex", "flex")])
def test_service_tiers(sent: str, name: str) -> None:
    assert name == tier_named(sent) == tier_named(sent.upper())
    assert sent == tier_sent(name) == tier_sent(sent)


def test_an_unknown_tier() -> None:
    assert "x" == tier_named("x")
    assert tier_sent("x") is None
    assert tier_sent(7) is None
