"""Opening and closing where there is nothing to open."""

from llm_proxy.pipeline.lifetime import Lifetime


async def test_it_is_its_own_context_and_lets_errors_through() -> None:
    lifetime = Lifetime()
    async with lifetime as opened:
        assert lifetime is opened
    assert None is await lifetime.__aexit__(ValueError, ValueError(), None)
