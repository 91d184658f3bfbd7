"""What tokens cost."""

import pytest
from pydantic import ValidationError

from llm_proxy.pipeline.events import Usage
from llm_proxy.pipeline.trace import Target
from llm_proxy.stages.rate_limit.prices import Price, Prices

PLAIN = Price(input=2, output=10)
WHOLE = Price(input=2, output=10, cached=0.2, cache_write=2.5)


@pytest.mark.parametrize(
    ("price", "usage", "expected"),
    [
        (PLAIN, Usage(1_000_000, 0), 2),
        (PLAIN, Usage(0, 1_000_000), 10),
        (PLAIN, Usage(1_000_000, 0, cached_tokens=400_000), 2),
        (PLAIN, Usage(1_000_000, 0, cache_write_tokens=400_000), 2),
        (PLAIN, Usage(500, 200, reasoning_tokens=150), 0.003),
        (WHOLE, Usage(1_000_000, 0, cached_tokens=400_000), 1.28),
        (WHOLE, Usage(1_000_000, 0, cache_write_tokens=400_000), 2.2),
        (WHOLE, Usage(10, 0, cached_tokens=1_000_000), 0.2),
        (Price(input=0, output=0), Usage(5, 5), 0),
        (Price(input=2, output=0, cached=0), Usage(1_000_000, 0, cached_tokens=1_000_000), 0),
    ],
)
def test_in_dollars_for_a_million(price: Price, usage: Usage, expected: float) -> None:
    assert pytest.approx(expected) == price.of(usage)


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        (Target("openai", "gpt-5-mini"), 1),
        (Target("openai", "gpt-5"), 2),
        (Target("azure", "gpt-5"), 3),
        (Target("azure", "gpt-5", key="2"), 3),
        (Target("azure", "GPT-5"), 9),
        (Target("openai", "o3"), None),
    ],
)
def test_the_first_name_that_fits_counts(model: Target, expected: float | None) -> None:
    names = {"gpt-5-mini": 1, "openai:gpt-*": 2, "gpt-*": 3, "azure:*": 9}
    prices = Prices({name: Price(input=n, output=0) for name, n in names.items()})
    found = prices.at(model)
    assert expected == (found and found.input)


@pytest.mark.parametrize(
    "price", [{"input": 1}, {"input": -1, "output": 1}, {"input": 1, "output": 1, "images": 1}]
)
def test_a_price_that_is_none_is_refused(price: dict[str, float]) -> None:
    with pytest.raises(ValidationError):
        Price.model_validate(price)
