"""Every feature between every client and every vendor: it arrives, or the client is told."""

import pytest

from tests.matrix import answers, requests
from tests.matrix.cells import answer_outcome, outcome
from tests.matrix.feature import Feature
from tests.matrix.page import DIALECTS, NOTES, PAGE, page

clients = pytest.mark.parametrize("client", list(DIALECTS))
vendors = pytest.mark.parametrize("vendor", list(DIALECTS))


@clients
@vendors
@pytest.mark.parametrize("feature", requests.FEATURES, ids=lambda feature: feature.name)
def test_nothing_of_a_request_is_lost_in_silence(
    feature: Feature, client: str, vendor: str
) -> None:
    found, told = outcome(feature, client, vendor)
    if client == vendor:
        assert (found, told) in (("kept", ()), ("unsayable", ()))
    assert found != "silent" or feature.name in NOTES


@clients
@vendors
@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize("feature", answers.FEATURES, ids=lambda feature: feature.name)
def test_nothing_of_an_answer_is_lost(
    feature: answers.Feature,
    client: str,
    vendor: str,
    stream: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    found = answer_outcome(feature, client, vendor, stream=stream)
    assert found in ("kept", "unsayable") or feature.name in NOTES


def test_the_page_tells_the_truth() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run `make matrix`"
