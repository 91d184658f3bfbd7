"""Images fetched for vendors that want the bytes, and what is never asked for."""

import base64

import pytest

from llm_proxy.backends.images import is_public, with_fetched_images
from llm_proxy.pipeline.errors import Untranslatable
from llm_proxy.pipeline.parts import Image, Media, Text, ToolResult
from llm_proxy.pipeline.request import ChatRequest, Message
from tests.support.vendor import Vendor, whole

PNG = b"\x89PNG\r\n\x1a\n fake"


def showing(url: str) -> ChatRequest:
    image = Image(Media(url=url), origin={"as": "it came"})
    parts = (Text("look"), image, ToolResult("c", (image,)))
    return ChatRequest("m", [Message("user", parts)])


def everywhere(_address: str) -> bool:
    return True


async def test_an_image_is_fetched_once_and_put_in_both_places() -> None:
    async with Vendor([whole(PNG, content_type="image/png")]) as vendor:
        request = await with_fetched_images(showing(f"{vendor.url}/a.png"), everywhere)

    assert len(vendor.requests) == 1
    _, image, result = request.messages[0].parts
    expected = Image(Media("image/png", data=base64.b64encode(PNG).decode()))
    assert image == expected
    assert isinstance(result, ToolResult)
    assert result.parts == (expected,)


async def test_a_request_without_urls_is_the_very_same() -> None:
    request = ChatRequest("m", [Message("user", (Image(Media("image/png", data="AAAA")),))])
    assert await with_fetched_images(request) is request


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:{port}/v1/a.png",
        "http://localhost:{port}/v1/a.png",
        "http://[::1]:{port}/v1/a.png",
        "http://0.0.0.0:{port}/v1/a.png",
        "http://169.254.169.254/latest",
        "http://10.0.0.1/a.png",
    ],
)
async def test_this_machine_and_its_network_are_never_asked(url: str) -> None:
    async with Vendor([whole(PNG, content_type="image/png")]) as vendor:
        with pytest.raises(Untranslatable) as raised:
            await with_fetched_images(showing(url.format(port=vendor.port)))
    assert (raised.value.param, raised.value.status) == ("image_url", 400)
    assert vendor.requests == []


async def test_a_redirect_is_checked_like_the_first_address() -> None:
    async with (
        Vendor([whole(PNG, content_type="image/png")]) as inside,
        Vendor([whole(b"", 302, location=f"http://127.0.0.2:{inside.port}/a.png")]) as outside,
    ):
        with pytest.raises(Untranslatable, match="open internet"):
            await with_fetched_images(
                showing(f"{outside.url}/a.png"), lambda address: address == "127.0.0.1"
            )
    assert len(outside.requests) == 1
    assert inside.requests == []


@pytest.mark.parametrize(
    ("play", "told"),
    [
        (whole(b"no", 404), "status 404"),
        (whole(b"<html>", content_type="text/html"), "no image"),
        (whole(b"", 302, location="/again"), "too often"),
    ],
)
async def test_what_is_no_image_is_told(play: object, told: str) -> None:
    async with Vendor([play]) as vendor:  # type: ignore[list-item]
        with pytest.raises(Untranslatable, match=told):
            await with_fetched_images(showing(f"{vendor.url}/a.png"), everywhere)


async def test_more_bytes_than_an_image_has(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("llm_proxy.backends.images.MOST_BYTES", 100)
    async with Vendor([whole(PNG * 100, content_type="image/png")]) as vendor:
        with pytest.raises(Untranslatable, match="larger than 100 bytes"):
            await with_fetched_images(showing(f"{vendor.url}/a.png"), everywhere)


async def test_nobody_there() -> None:
    async with Vendor([whole(b"")]) as vendor:
        url = f"{vendor.url}/a.png"
    with pytest.raises(Untranslatable, match="cannot be fetched"):
        await with_fetched_images(showing(url), everywhere)


@pytest.mark.parametrize(
    ("address", "public"),
    [("8.8.8.8", True), ("192.168.1.1", False), ("fe80::1%eth0", False), ("::1", False)],
)
def test_public_addresses(address: str, public: bool) -> None:  # noqa: FBT001
    assert is_public(address) is public
