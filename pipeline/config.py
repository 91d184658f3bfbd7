"""The configuration's shape. Reading it needs no stage and no backend: their tables are checked
against their own options when the chains are planned."""

import ssl
from collections.abc import Mapping
from dataclasses import field, fields
from typing import Annotated, Any, Literal, Self, TypeVar, get_args

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    FilePath,
    SecretStr,
    ValidationError,
    model_validator,
)

from llm_proxy.pipeline.config_file import ConfigFile, Place
from llm_proxy.pipeline.json_values import is_object
from llm_proxy.pipeline.record import record
from llm_proxy.pipeline.registry import did_you_mean
from llm_proxy.pipeline.state.address import MEMORY, Address
from llm_proxy.pipeline.state.store import Use, WhenAway
from llm_proxy.pipeline.tenants import TenantConfig
from llm_proxy.pipeline.values import Bytes, Networks, Seconds

Table = Mapping[str, Any]


def _upper_case(value: object) -> object:
    return value.upper() if isinstance(value, str) else value


def _address_checked(url: SecretStr) -> SecretStr:
    if url.get_secret_value() != MEMORY:
        Address.of(url.get_secret_value())
    return url


def _no_password() -> str:
    raise ValueError("the key has a pass phrase, and nobody is there to type it")


Environment = Literal["development", "production"]

ModelT = TypeVar("ModelT", bound=BaseModel)

_NO_TABLE = "must be a table"


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Head(_Section):
    environment: Environment = "development"


class ServerConfig(_Section):
    """`[server]`: the edge."""

    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=0, le=65535)
    max_request_bytes: Bytes = 10_000_000
    max_concurrent_requests: int = Field(default=100, ge=1)
    request_timeout: Seconds = 300.0
    heartbeat: Seconds = 15.0
    on_disconnect: Literal["cancel", "drain"] = "cancel"
    drain_timeout: Seconds = 60.0
    shutdown_timeout: Seconds = 30.0
    tls_certificate: FilePath | None = None
    tls_key: FilePath | None = None
    trusted_proxies: Networks = ()

    @model_validator(mode="after")
    def _tls_is_whole(self) -> Self:
        if (self.tls_certificate is None) != (self.tls_key is None):
            raise ValueError("tls_certificate and tls_key go together")
        try:
            self.tls()
        except (OSError, ValueError) as error:  # ssl's own errors are among them
            raise ValueError(f"tls_certificate and tls_key cannot be used: {error}") from error
        return self

    def tls(self) -> ssl.SSLContext | None:
        """What to serve HTTPS with, or None."""
        if self.tls_certificate is None:
            return None
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(self.tls_certificate, self.tls_key, password=_no_password)
        return context


class LoggingConfig(_Section):
    """`[logging]`: level and form of the log on standard error."""

    level: Annotated[
        Literal["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"], BeforeValidator(_upper_case)
    ] = "INFO"
    format: Literal["json", "text"] = "json"


class WhenAwayConfig(_Section):
    """`[state.when_away]`: what each use of shared state does while that cannot be reached."""

    sessions: WhenAway = "local"
    limits: WhenAway = "local"
    keys: Literal["local", "closed"] = "local"
    cache: WhenAway = "open"

    @property
    def by_use(self) -> Mapping[Use, WhenAway]:
        """What it says for each use."""
        return {
            "sessions": self.sessions,
            "limits": self.limits,
            "keys": self.keys,
            "cache": self.cache,
        }


class StateConfig(_Section):
    """`[state]`: where it is kept what requests and replicas share."""

    url: Annotated[SecretStr, AfterValidator(_address_checked)] = SecretStr(MEMORY)
    prefix: str = Field(default="llm-proxy", pattern=r"^[^{}\s]+$")
    timeout: Seconds = 1.0
    when_away: WhenAwayConfig = WhenAwayConfig()

    @property
    def address(self) -> Address | None:
        """Where it is, outside of this process and for others to use as well; None: inside."""
        url = self.url.get_secret_value()
        return None if url == MEMORY else Address.of(url)


class PipelineConfig(_Section):
    """`[pipelines.NAME]`: the paths it serves and its stages, in order."""

    serves: tuple[str, ...] = ("/v1/chat/completions", "/v1/responses", "/v1/messages", "/v1beta")
    stages: tuple[Any, ...] = Field(min_length=1)


class BackendsConfig(BaseModel):
    """`[backends]`: the default one, and a table for each."""

    model_config = ConfigDict(extra="allow", frozen=True)

    default_backend: str = "local"

    @property
    def tables(self) -> Mapping[str, Any]:
        """Each backend's options by its name. `local` need not be named to be the default."""
        unnamed: dict[str, Any] = {"local": {}} if self.default_backend == "local" else {}
        return {**unnamed, **(self.model_extra or {})}


@record
class Config:
    """The whole file."""

    pipelines: Mapping[str, PipelineConfig]
    environment: Environment = "development"
    server: ServerConfig = field(default_factory=ServerConfig)
    logging: LoggingConfig = field(default_factory=LoggingConfig)
    state: StateConfig = field(default_factory=StateConfig)
    stages: Mapping[str, Table] = field(default_factory=dict[str, Table])
    tenants: Mapping[str, TenantConfig] = field(default_factory=dict[str, TenantConfig])
    backends: BackendsConfig = field(default_factory=BackendsConfig)


def read_config(file: ConfigFile) -> Config:
    """The file's shape, checked. Problems are reported to `file`; what is wrong is left out, so
    that the rest can still be checked."""
    tables = file.tables
    known = [field.name for field in fields(Config)]
    for name in tables:
        if name not in known:
            file.report((name,), f"unknown key{did_you_mean(name, known)}")
    pipelines = _sections(PipelineConfig, "pipelines", file)
    if not tables.get("pipelines"):
        file.report((), "nothing is served: there must be a [pipelines.NAME]")
    head = _section(_Head, {k: tables[k] for k in ("environment",) if k in tables}, (), file)
    return Config(
        environment=(head or _Head()).environment,
        server=_named(ServerConfig, "server", file) or ServerConfig(),
        logging=_named(LoggingConfig, "logging", file) or LoggingConfig(),
        state=_named(StateConfig, "state", file) or StateConfig(),
        pipelines=pipelines,
        stages=_tables(file, "stages"),
        tenants=_sections(TenantConfig, "tenants", file),
        backends=_named(BackendsConfig, "backends", file) or BackendsConfig(),
    )


def _named(model: type[ModelT], name: str, file: ConfigFile) -> ModelT | None:
    return _section(model, file.tables.get(name, {}), (name,), file)


def _sections(model: type[ModelT], name: str, file: ConfigFile) -> dict[str, ModelT]:
    """The tables of a table, read, without what is not enough."""
    return {
        key: read
        for key, table in _tables(file, name).items()
        if (read := _section(model, table, (name, key), file))
    }


def _tables(file: ConfigFile, name: str) -> dict[str, Table]:
    """The tables of a table, without what is none."""
    found = file.tables.get(name, {})
    if not is_object(found):
        file.report((name,), _NO_TABLE)
        return {}
    for key, value in found.items():
        if not is_object(value):
            file.report((name, key), _NO_TABLE)
    return {key: value for key, value in found.items() if is_object(value)}


def _section(model: type[ModelT], table: object, place: Place, file: ConfigFile) -> ModelT | None:
    """A table read as `model`, without those of its keys that are wrong; None if that is not
    enough. A rule that ties several keys together is looked at even where one of them is wrong."""
    if not is_object(table):
        file.report(place, _NO_TABLE)
        return None
    try:
        return model.model_validate(table)
    except ValidationError as error:
        report_invalid(error, place, model, file)
        wrong = {detail["loc"][0] for detail in error.errors() if detail["loc"]}
    try:
        return model.model_validate({k: v for k, v in table.items() if k not in wrong})
    except ValidationError as error:
        for detail in error.errors():
            if not detail["loc"]:
                file.report(place, _message(detail["msg"]))
    return None


def report_invalid(
    error: ValidationError, prefix: Place, model: type[BaseModel], file: ConfigFile
) -> None:
    """Report each problem of a validation, with its place in the file and a hint."""
    for detail in error.errors():
        place = (*prefix, *detail["loc"])
        message = _message(detail["msg"])
        if detail["type"] == "extra_forbidden":
            message = f"unknown key{did_you_mean(str(place[-1]), _fields_at(model, detail['loc']))}"
        file.report(place, message)


def _message(text: str) -> str:
    return text.removeprefix("Value error, ")


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
