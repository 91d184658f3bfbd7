"""The parameters of tests that go through all clients and vendors."""

import pytest

from tests.support.scripts import SCRIPTS

every_client = pytest.mark.parametrize("client", list(SCRIPTS))
every_vendor = pytest.mark.parametrize("vendor", list(SCRIPTS))
any_vendor = pytest.mark.parametrize("vendor", ["openai_chat"])
"""For what no vendor gets to see."""
both_ways = pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
