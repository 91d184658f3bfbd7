"""The lists of models, for whoever asks."""

import orjson
import pytest
from anthropic.types import ModelInfo
from google.genai.types import Model as GeminiModel
from openai.types import Model

from tests.integration.test_front_door_in_every_dialect import OWN_HEADERS, C, G, M, check_error
from tests.support.one_vendor import Start
from tests.support.vendor import by_request

NAMES = ["local:echo", "vendor:m1"]
asking = pytest.mark.parametrize(("client", "headers"), OWN_HEADERS)


def listed(client: str, raw: bytes) -> list[str]:
    """The ids of a list, by the SDK's own types."""
    fields = orjson.loads(raw)
    if client == G:
        models: list[GeminiModel] = []
        for one in fields["models"]:
            # The SDK itself has another name for this field.
            assert "generateContent" in one.pop("supportedGenerationMethods")
            models.append(GeminiModel.model_validate(one))
        return [str(model.name).removeprefix("models/") for model in models]
    if client == M:
        assert fields["has_more"] is False
        return [ModelInfo.model_validate(one).id for one in fields["data"]]
    assert fields["object"] == "list"
    return [Model.model_validate(one).id for one in fields["data"]]


@asking
async def test_a_list_and_one_of_it(
    before_vendor: Start, client: str, headers: dict[str, str]
) -> None:
    proxy, _ = await before_vendor(C, by_request, more="[backends.local]")
    async with proxy.get("/v1/models", headers=headers) as response:
        assert response.status == 200
        names = listed(client, await response.read())
    assert set(NAMES) < set(names)
    for name in NAMES:
        async with proxy.get(f"/v1/models/{name}", headers=headers) as response:
            assert response.status == 200
            one = orjson.loads(await response.read())
        assert one.get("id", one.get("name")) == (f"models/{name}" if client == G else name)
    async with proxy.get("/v1/models/vendor:m9", headers=headers) as response:
        assert response.status == 404
        assert "vendor:m9" in check_error(client, 404, await response.read())


@pytest.mark.parametrize("version", ["v1beta", "v1alpha"])
@pytest.mark.parametrize("query", [{}, {"pageSize": "50", "key": "x"}])
async def test_geminis_own_lists(before_vendor: Start, version: str, query: dict[str, str]) -> None:
    proxy, _ = await before_vendor(C, by_request, more="[backends.local]")
    async with proxy.get(f"/{version}/models", params=query) as response:
        assert set(NAMES) < set(listed(G, await response.read()))
    async with proxy.get(f"/{version}/models/vendor:m1") as response:
        assert (await response.json())["name"] == "models/vendor:m1"
    async with proxy.get(f"/{version}/models/vendor%3Am1") as response:
        assert (await response.json())["name"] == "models/vendor:m1"


@pytest.mark.parametrize("where", ["/v1/models", "/v1beta/models", "/models", "/health"])
async def test_only_the_head(before_vendor: Start, where: str) -> None:
    proxy, _ = await before_vendor(C, by_request, more="[backends.local]")
    async with proxy.head(where) as response:
        assert response.status == 200
        assert response.headers["x-request-id"]
        assert await response.read() == b""
