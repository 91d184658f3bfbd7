"""Options of every backend that is reached over HTTP."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from pydantic import Field, SecretStr, ValidationError, field_validator
from yarl import URL

from llm_proxy.pipeline.backend import BackendOptions
from llm_proxy.pipeline.traits import Traits
from llm_proxy.pipeline.values import Seconds, Secrets


class VendorOptions(BackendOptions):
    """Options of every backend that is reached over HTTP."""

    OFFICIAL: ClassVar[str] = ""

    api_key: Secrets | None = Field(
        default=None,
        description="The vendor's key, or several with commas between them. An empty one switches "
        "the backend off; a server that wants no key has none here.",
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
    def _fit_a_header(cls, value: tuple[SecretStr, ...] | None) -> tuple[SecretStr, ...] | None:
        keys = [key.get_secret_value() for key in value or ()]
        if not all(key.isascii() and key.isprintable() and " " not in key for key in keys):
            raise ValueError("a key has no blanks, line ends or letters beyond ASCII")
        if len(set(keys)) < len(keys):
            raise ValueError("the same key stands there twice")
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
    def keys(self) -> Sequence[str]:
        """The keys themselves."""
        return [key.get_secret_value() for key in self.api_key or ()]

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
        return None if self.api_key or keyless else "no api_key"
