"""Where an answer's words come from: shown to clients of the vendor's dialect, told to others."""

from typing import Any

import pytest

from tests.support.one_vendor import PATHS, Start, asked
from tests.support.scripts import SCRIPTS
from tests.support.vendor import whole

CITED: dict[str, Any] = {
    "openai_chat": ("annotations", [{"type": "url_citation", "url_citation": {"url": "u"}}]),
    "openai_responses": ("annotations", [{"type": "url_citation", "url": "u", "title": "t"}]),
    "anthropic_messages": ("citations", [{"type": "char_location", "cited_text": "c"}]),
    "gemini": ("groundingMetadata", {"webSearchQueries": ["q"]}),
}


def cited(vendor: str) -> dict[str, Any]:
    """The vendor's "Hello you", with its sources."""
    name, sources = CITED[vendor]
    answer: Any = dict(SCRIPTS[vendor]["TALK"].whole)
    match vendor:
        case "openai_chat":
            choice = answer["choices"][0]
            message = {**choice["message"], name: sources}
            return {**answer, "choices": [{**choice, "message": message}]}
        case "openai_responses":
            item = answer["output"][0]
            part = {**item["content"][0], name: sources}
            return {**answer, "output": [{**item, "content": [part]}]}
        case "anthropic_messages":
            return {**answer, "content": [{**answer["content"][0], name: sources}]}
        case _:
            return {**answer, "candidates": [{**answer["candidates"][0], name: sources}]}


@pytest.mark.parametrize("client", list(SCRIPTS))
@pytest.mark.parametrize("vendor", list(SCRIPTS))
async def test_sources_are_relayed_or_their_loss_is_told(
    before_vendor: Start, client: str, vendor: str
) -> None:
    proxy, _ = await before_vendor(vendor, whole(cited(vendor)))
    async with proxy.post(PATHS[client], json=asked(client)) as response:
        assert response.status == 200
        body = await response.json()
        warned = response.headers.get("x-llm-proxy-warnings", "")
    name = CITED[vendor][0]
    if client == vendor:
        assert body == cited(vendor)
        assert not warned
    else:
        assert f"dropped {name} of the answer" in warned
