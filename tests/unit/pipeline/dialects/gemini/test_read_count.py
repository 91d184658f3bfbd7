import pytest

from llm_proxy.pipeline.dialects.gemini import Gemini
from llm_proxy.pipeline.errors import UpstreamBroken


def test_the_tokens_that_were_counted() -> None:
    assert Gemini().can_count
    assert 31 == Gemini().read_count(b'{"totalTokens":31,"promptTokensDetails":[]}')


@pytest.mark.parametrize(
    "body",
    [b"", b"[]", b"{}", b'{"totalTokens":"7"}', b'{"totalTokens":true}', b'{"totalTokens":-1}'],
)
def test_no_count(body: bytes) -> None:
    with pytest.raises(UpstreamBroken):
        Gemini().read_count(body)
