"""Options of every backend that is reached over HTTP."""

from collections.abc import Mapping
from typing import Any, ClassVar

from pydantic import Field, SecretStr, ValidationError, field_validator
from yarl import URL

from llm_proxy.pipeline.backend import BackendOptions
from llm_proxy.pipeline.traits import Traits
from llm_proxy.pipeline.values import Seconds


class VendorOptions(BackendOptions):
    """Options of every backend that is reached over HTTP."""

    OFFICIAL: ClassVar[str] = ""

    api_key: SecretStr | None = Field(
        default=None,
        description="The vendor's key. An empty one switches the backend off; a server that wants "
        "no key has none here.",
    )
    api_url: str = Field(default="", description="Where the API is, if not at the vendor's own.")
    connect_timeout: Seconds = Field(default=10.0, description="For a new connection.")
    traits: Mapping[str, Any] = Field(
        default_factory=dict[str, Any],
        description="Facts about the models here that differ from the known ones.",
    )

    @field_validator("api_url")
    @classmethod
    def _is_http(cls, value: str) -> str:
        url = URL(value)
        if value and (url.scheme not in ("http", "https") or not url.host):
            raise ValueError(f'"{value}" is not an http(s) URL')
        if url.query_string or url.fragment:
            raise ValueError(f'"{value}" must end in its path: the rest is added to it')
        return value.rstrip("/")

    @field_validator("api_key")
    @classmethod
    def _fits_a_header(cls, value: SecretStr | None) -> SecretStr | None:
        key = value.get_secret_value() if value else ""
        if not key.isascii() or not key.isprintable() or " " in key:
            raise ValueError("a key has no blanks, line ends or letters beyond ASCII")
        return value

    @field_validator("traits")
    @classmethod
    def _are_known(cls, value: Mapping[str, Any]) -> Mapping[str, Any]:
        try:
            Traits.model_validate(value)
        except ValidationError as error:
            first = error.errors()[0]
            raise ValueError(f"{'.'.join(map(str, first['loc']))}: {first['msg']}") from None
        return value

    @property
    def key(self) -> str:
        """The key, or an empty string."""
        return self.api_key.get_secret_value() if self.api_key else ""

    @property
    def url(self) -> str:
        """Where the API is."""
        return self.api_url or self.OFFICIAL

    @property
    def is_official(self) -> bool:
        """Whether it is the vendor itself, and not somebody who speaks like it."""
        return self.url == self.OFFICIAL

    def why_off(self) -> str | None:
        keyless = self.api_key is None and not self.is_official
        return None if self.key or keyless else "no api_key"
