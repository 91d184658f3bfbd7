"""What a translation leaves out is told: to the client in a header, to the operator in the log."""

import logging
from typing import Any

import pytest

from tests.support.log_lines import request_lines
from tests.support.one_vendor import Start
from tests.support.scripts import SCRIPTS, plays
from tests.support.talk import body, path
from tests.support.until import until

C, R, M, G = SCRIPTS
clients = pytest.mark.parametrize("client", [C, R, M, G])
both_ways = pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])

LOST: dict[str, tuple[dict[str, Any], str, str]] = {
    C: ({"seed": 3}, "seed", M),
    R: ({"truncation": "auto"}, "truncation", C),
    M: ({"container": "c1"}, "container", G),
    G: (
        {"safetySettings": [{"category": "HARM_CATEGORY_HARASSMENT", "threshold": "OFF"}]},
        "safetySettings",
        R,
    ),
}
"""Client → a field of its dialect, its name, and a vendor that knows nothing of it."""


async def logged(caplog: pytest.LogCaptureFixture) -> dict[str, Any]:
    """The fields of the request's line, which is written when its answer is over."""
    await until(lambda: request_lines(caplog))
    return request_lines(caplog)[0]


@clients
@both_ways
async def test_what_is_lost_is_told(
    before_vendor: Start,
    caplog: pytest.LogCaptureFixture,
    client: str,
    stream: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    fields, name, vendor = LOST[client]
    proxy, upstream = await before_vendor(vendor, plays(vendor, "TALK"))
    request = {**body(client, "hi", stream=stream), **fields}
    caplog.set_level(logging.INFO)
    async with proxy.post(path(client, stream=stream), json=request) as response:
        assert response.status == 200, await response.text()
        assert response.headers["x-llm-proxy-warnings"] == f"dropped {name}"
        await response.read()
    assert (await logged(caplog))["warnings"] == [f"dropped {name}"]
    assert name.encode() not in upstream.requests[-1].body


@clients
@both_ways
async def test_nothing_is_lost_in_the_vendors_own_dialect(
    before_vendor: Start,
    caplog: pytest.LogCaptureFixture,
    client: str,
    stream: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    fields, name, _ = LOST[client]
    proxy, upstream = await before_vendor(client, plays(client, "TALK"))
    request = {**body(client, "hi", stream=stream), **fields}
    caplog.set_level(logging.INFO)
    async with proxy.post(path(client, stream=stream), json=request) as response:
        assert response.status == 200
        assert "x-llm-proxy-warnings" not in response.headers
        await response.read()
    assert "warnings" not in await logged(caplog)
    assert upstream.requests[-1].json[name] == fields[name]
