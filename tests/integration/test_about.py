"""The lists of models, health and readiness."""

from llm_proxy.backends.local.models import MODELS
from tests.integration.conftest import Start
from tests.support.vendor import by_request, hangs, resets, whole

OFF = '[backends.off]\ntype = "openai"\napi_key = ""'

LOCAL = list(MODELS)


async def test_models_of_all_backends_and_their_owners(start: Start) -> None:
    bench = await start(by_request, more=OFF)

    async with bench.client.get("/v1/models") as response:
        body = await response.json()
    assert body["object"] == "list"
    assert [(model["id"], model["owned_by"]) for model in body["data"]] == [
        *((f"local:{name}", "local") for name in LOCAL),
        ("vendor:m1", "vendor"),
        ("vendor:m2", "vendor"),
    ]
    assert body["data"][-1] == {
        "id": "vendor:m2",
        "object": "model",
        "created": 0,
        "owned_by": "vendor",
    }


async def test_the_simple_form(start: Start) -> None:
    bench = await start(by_request)

    async with bench.client.get("/models") as response:
        body = await response.json()
    assert body["data"][-1] == {"id": "vendor:m2", "object": "model", "owned_by": "vendor"}


async def test_the_list_is_asked_for_once(start: Start) -> None:
    bench = await start(by_request)

    for path in ("/v1/models", "/models", "/v1/models/vendor:m1", "/ready"):
        async with bench.client.get(path) as response:
            assert response.status == 200
    assert [(r.method, r.path) for r in bench.vendor.requests] == [("GET", "/v1/models")]


async def test_one_model(start: Start) -> None:
    bench = await start(by_request)

    async with bench.client.get("/v1/models/vendor:m1") as response:
        assert (await response.json())["id"] == "vendor:m1"
    async with bench.client.get("/v1/models/vendor:m3") as response:
        assert response.status == 404
        assert (await response.json())["error"]["code"] == "model_not_found"


async def test_a_dead_backend_never_breaks_the_list(start: Start) -> None:
    bench = await start(resets)

    async with bench.client.get("/v1/models") as response:
        assert len((await response.json())["data"]) == len(LOCAL)


async def test_ready_tells_of_each_backend(start: Start) -> None:
    bench = await start(whole({"error": {"message": "no"}}, 401), more=OFF)

    async with bench.client.get("/ready") as response:
        assert response.status == 200
        body = await response.json()
    assert body["status"] == "ready"
    assert body["backends"]["local"] == {"ready": True}
    assert body["backends"]["off"] == {"ready": False, "reason": "off: no api_key"}
    assert body["backends"]["vendor"] == {"ready": False, "reason": "bad_gateway"}
    assert body["state"] == {"ready": True}


async def test_health_asks_nobody(start: Start) -> None:
    bench = await start(hangs)

    async with bench.client.get("/health") as response:
        assert await response.json() == {"status": "healthy"}
        assert response.headers["x-request-id"]
    assert bench.vendor.requests == []
