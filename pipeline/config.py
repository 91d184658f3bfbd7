"""The configuration's shape. Reading it needs no stage and no backend: their tables are checked
against their own options when the chains are planned."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self, get_args

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    FilePath,
    ValidationError,
    model_validator,
)

from llm_proxy.pipeline.config_file import ConfigFile, Place
from llm_proxy.pipeline.json_values import is_object
from llm_proxy.pipeline.registry import did_you_mean
from llm_proxy.pipeline.values import Bytes, Networks, Seconds

Table = Mapping[str, Any]


def _upper_case(value: object) -> object:
    return value.upper() if isinstance(value, str) else value


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ServerConfig(_Section):
    """`[server]`: the edge."""

    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=0, le=65535)
    max_request_bytes: Bytes = 10_000_000
    max_concurrent_requests: int = Field(default=100, ge=1)
    request_timeout: Seconds = 300.0
    shutdown_timeout: Seconds = 30.0
    tls_certificate: FilePath | None = None
    tls_key: FilePath | None = None
    trusted_proxies: Networks = ()

    @model_validator(mode="after")
    def _tls_is_whole(self) -> Self:
        if (self.tls_certificate is None) != (self.tls_key is None):
            raise ValueError("tls_certificate and tls_key go together")
        return self


class LoggingConfig(_Section):
    """`[logging]`: level and form of the log on standard error."""

    level: Annotated[
        Literal["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"], BeforeValidator(_upper_case)
    ] = "INFO"
    format: Literal["json", "text"] = "json"


class StateConfig(_Section):
    """`[state]`: where sessions are kept."""

    url: Literal["memory://"] = "memory://"


class PipelineConfig(_Section):
    """`[pipelines.NAME]`: the paths it serves and its stages, in order."""

    serves: tuple[str, ...] = ("/v1/chat/completions",)
    stages: tuple[str, ...] = Field(min_length=1)


class BackendsConfig(BaseModel):
    """`[backends]`: the default one, and a table for each."""

    model_config = ConfigDict(extra="allow", frozen=True)

    default_backend: str = "local"

    @property
    def tables(self) -> Mapping[str, Any]:
        """Each backend's options by its name. `local` is there without being named."""
        return {"local": {}, **(self.model_extra or {})}


class Config(_Section):
    """The whole file."""

    environment: Literal["development", "production"] = "development"
    server: ServerConfig = ServerConfig()
    logging: LoggingConfig = LoggingConfig()
    state: StateConfig = StateConfig()
    pipelines: Mapping[str, PipelineConfig] = Field(min_length=1)
    stages: Mapping[str, Table] = Field(default_factory=dict[str, Table])
    backends: BackendsConfig = BackendsConfig()

    @model_validator(mode="after")
    def _production_is_guarded(self) -> Self:
        if self.environment == "production" and not (
            self.server.tls_certificate or self.server.trusted_proxies
        ):
            raise ValueError(
                "production needs server.tls_certificate and server.tls_key, or the addresses of "
                "the TLS-terminating proxies in server.trusted_proxies"
            )
        return self


def read_config(file: ConfigFile) -> Config | None:
    """The file's shape, checked. Problems are reported to `file`; what is wrong is then left out,
    so that the rest can still be checked. None where nothing useful is left."""
    for _ in range(2):
        try:
            return Config.model_validate(file.tables)
        except ValidationError as error:
            report_invalid(error, (), Config, file)
            for detail in error.errors():
                _remove(file.tables, detail["loc"])
    return None


def report_invalid(
    error: ValidationError, prefix: Place, model: type[BaseModel], file: ConfigFile
) -> None:
    """Report each problem of a validation, with its place in the file and a hint."""
    for detail in error.errors():
        place = (*prefix, *detail["loc"])
        message = detail["msg"].removeprefix("Value error, ")
        if detail["type"] == "extra_forbidden":
            message = f"unknown key{did_you_mean(str(place[-1]), _fields_at(model, detail['loc']))}"
        file.report(place, message)


def _remove(tables: Any, place: Place) -> None:
    for part in place[:-1]:
        try:
            tables = tables[part]
        except (KeyError, IndexError, TypeError):
            return
    if place and is_object(tables):
        tables.pop(str(place[-1]), None)


def _fields_at(model: type[BaseModel], place: Place) -> list[str]:
    """The keys that are known in the table in which `place` stands."""
    for part in place[:-1]:
        field = model.model_fields.get(str(part))
        model = (field and _model_in(field.annotation)) or model
    return list(model.model_fields)


def _model_in(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for part in get_args(annotation) if (found := _model_in(part))), None)
