"""Where a vendor is and with which key, read from the file."""

import pytest
from pydantic import ValidationError
from yarl import URL

from llm_proxy.backends.openai import OpenAIOptions

URL_ = "http://vendor.example/v1"


@pytest.mark.parametrize(
    ("options", "off"),
    [
        ({"api_key": "k"}, None),
        ({"api_key": ""}, "no api_key"),
        ({}, "no api_key"),
        ({"api_url": "http://127.0.0.1:8001/v1"}, None),
        ({"api_url": "http://127.0.0.1:8001/v1", "api_key": ""}, "no api_key"),
        ({"api_url": f"{OpenAIOptions.OFFICIAL}/"}, "no api_key"),
    ],
)
def test_when_it_is_off(options: dict[str, str], off: str | None) -> None:
    assert OpenAIOptions.model_validate(options).why_off() == off


@pytest.mark.parametrize(
    "url", ["vendor.example/v1", "ftp://vendor.example", "http://", "http://["]
)
def test_a_url_that_is_none(url: str) -> None:
    with pytest.raises(ValidationError):
        OpenAIOptions.model_validate({"api_url": url})


def test_the_urls_end_is_tidied() -> None:
    assert URL(OpenAIOptions(api_url=f"{URL_}/").api_url) == URL(URL_)


def test_the_key_is_not_shown() -> None:
    assert "fake-key" not in repr(OpenAIOptions.model_validate({"api_key": "fake-key"}))


@pytest.mark.parametrize("key", ["a\nb", "a b", "schl\u00fcssel", "a\x7f"])
def test_a_key_that_fits_no_header(key: str) -> None:
    with pytest.raises(ValidationError, match="a key has no blanks"):
        OpenAIOptions.model_validate({"api_key": key})


@pytest.mark.parametrize("url", ["http://v.example/v1?x=1", "http://v.example/v1#x"])
def test_a_url_that_does_not_end_in_its_path(url: str) -> None:
    with pytest.raises(ValidationError, match="must end in its path"):
        OpenAIOptions.model_validate({"api_url": url})
