"""From a file to a plan: every name found and every option checked, nothing opened yet."""

import re
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from pydantic import SecretStr, ValidationError

from llm_proxy.pipeline.backend import Backend
from llm_proxy.pipeline.blame import one_line
from llm_proxy.pipeline.chain import order_problems
from llm_proxy.pipeline.config import Config, PipelineConfig, read_config, report_invalid
from llm_proxy.pipeline.config_file import ConfigFile, Place
from llm_proxy.pipeline.dialects.doors import unserved_path
from llm_proxy.pipeline.json_values import is_object
from llm_proxy.pipeline.plan import BackendPlan, PipelinePlan, Plan, StagePlan
from llm_proxy.pipeline.plan_notes import notes, tenant_notes
from llm_proxy.pipeline.record import record
from llm_proxy.pipeline.registry import Registry, did_you_mean
from llm_proxy.pipeline.stage import Stage, Surroundings
from llm_proxy.pipeline.tenants import NAME, grant_problems


def make_plan(
    file: ConfigFile, stages: Registry[Stage[Any]], backends: Registry[Backend[Any]]
) -> Plan:
    """Check the whole file; raises `ConfigError` with every problem at once."""
    return _Planner(file, read_config(file), stages, backends).plan()


@record
class _Resolved:
    """The class that a table is for, what a message calls it, and the table as its options."""

    made_by: type[Any]
    title: str
    options: Any


class _Planner:
    def __init__(
        self,
        file: ConfigFile,
        config: Config,
        stages: Registry[Stage[Any]],
        backends: Registry[Backend[Any]],
    ) -> None:
        self._file = file
        self._config = config
        self._stage_classes = stages
        self._backend_classes = backends
        self._surroundings = Surroundings(
            backends=frozenset(config.backends.tables),
            production=config.environment == "production",
            tenants=frozenset(config.tenants),
        )

    def plan(self) -> Plan:
        backends = tuple(self._backends())
        self._check_default_backend()
        named = {name: self._stage(name, table) for name, table in self._config.stages.items()}
        pipelines = tuple(
            self._pipeline(name, config, named) for name, config in self._config.pipelines.items()
        )
        own_backends = {
            name: tuple(self._own_backends(name, tenant.vendor_keys))
            for name, tenant in self._config.tenants.items()
            if tenant.vendor_keys
        }
        self._check_tenants(pipelines)
        self._check_paths()
        self._check_production(pipelines)
        self._file.raise_problems()
        told = [
            *notes(self._config, backends, pipelines),
            *tenant_notes(own_backends),
            *self._unneeded(),
        ]
        return Plan(self._config, backends, pipelines, tuple(told), own_backends)

    def _unneeded(self) -> Iterator[str]:
        for registry in (self._stage_classes, self._backend_classes):
            for problem in registry.unneeded_problems():
                yield f"installed but not needed: {problem}"

    def _backends(self) -> Iterator[BackendPlan]:
        for name, table in self._config.backends.tables.items():
            place: Place = ("backends", name)
            if not is_object(table):
                known = list(type(self._config.backends).model_fields)
                self._file.report(place, f"unknown key{did_you_mean(name, known)}")
            else:
                yield from self._backend(place, table)

    def _own_backends(
        self, tenant: str, vendor_keys: Mapping[str, Sequence[SecretStr]]
    ) -> Iterator[BackendPlan]:
        """Those for which a tenant brings keys."""
        tables = self._config.backends.tables
        for name, keys in vendor_keys.items():
            place: Place = ("tenants", tenant, "vendor_keys", name)
            table = tables.get(name)
            if is_object(table):
                yield from self._backend(place, {**table, "api_key": keys})
            else:
                self._file.report(
                    place, f'no backend named "{name}"{did_you_mean(name, [*tables])}'
                )

    def _backend(self, place: Place, table: Mapping[str, Any]) -> Iterator[BackendPlan]:
        if found := self._resolve(self._backend_classes, place, table, "type"):
            whence = self._file.located(place, found.title)
            with self._reading_options(found.title, place):
                off = found.options.why_off()
                name = str(place[-1])
                yield BackendPlan(name, found.made_by, found.options, off, whence)

    def _check_default_backend(self) -> None:
        name = self._config.backends.default_backend
        known = list(self._config.backends.tables)
        if name not in known:
            message = f'no backend named "{name}"{did_you_mean(name, known)}'
            self._file.report(("backends", "default_backend"), message)

    def _stage(self, name: str, table: Mapping[str, Any], near: Place = ()) -> StagePlan | None:
        """The stage of that name, or None if there is a problem with it. `near` is where the file
        names a stage that has no table."""
        place: Place = ("stages", name)
        found = self._resolve(self._stage_classes, place, table, "use", near)
        if found is None:
            return None
        with self._reading_options(found.title, place, near):
            for where, message in found.options.problems(self._surroundings):
                self._file.report((*place, *where), message, near)
        whence = self._file.located(place, found.title, near)
        return StagePlan(name, found.made_by, found.options, whence)

    def _listed(
        self, name: object, place: Place, named: Mapping[str, StagePlan | None]
    ) -> StagePlan | None:
        """The stage that an item of a chain's list names."""
        if not isinstance(name, str):
            self._file.report(place, "must be the name of a stage, as a string")
        elif name in named:
            return named[name]
        elif ":" in name or name in self._stage_classes.names:
            return self._stage(name, {}, near=place)
        else:
            known = [*self._stage_classes.names, *named]
            self._file.report(place, f'no stage named "{name}"{did_you_mean(name, known)}')
        return None

    def _resolve(
        self,
        registry: Registry[Any],
        place: Place,
        table: Mapping[str, Any],
        key: str,
        near: Place = (),
    ) -> _Resolved | None:
        """What a table is for; `key` names the class, or else the table's name does."""
        options = dict(table)
        name = str(options.pop(key, place[-1]))
        try:
            class_: type[Any] = registry.find(name)
        except LookupError as error:
            self._file.report((*place, key) if key in table else place, str(error), near)
            return None
        title = registry.title(name)
        with self._reading_options(title, place, near):
            try:
                return _Resolved(class_, title, class_.Options.model_validate(options))
            except ValidationError as error:
                report_invalid(error, place, class_.Options, self._file)
        return None

    @contextmanager
    def _reading_options(
        self, title: str, place: Place, near: Place = ()
    ) -> Generator[None, None, None]:
        """Report what a defect of the class raises here."""
        try:
            yield
        except Exception as error:
            message = f"{title} cannot read its options: {one_line(error)}"
            self._file.report(place, message, near)

    def _pipeline(
        self, name: str, config: PipelineConfig, named: Mapping[str, StagePlan | None]
    ) -> PipelinePlan:
        place: Place = ("pipelines", name, "stages")
        stages: list[tuple[int, StagePlan]] = []
        for position, stage_name in enumerate(config.stages):
            if stage := self._listed(stage_name, (*place, position), named):
                stages.append((position, stage))
        complete = len(stages) == len(config.stages)
        ordered = [(stage.name, stage.stage) for _, stage in stages]
        for position, message in order_problems(ordered, complete=complete):
            self._file.report((*place, stages[position][0]), message)
        return PipelinePlan(name, config.serves, tuple(stage for _, stage in stages))

    def _check_production(self, pipelines: Sequence[PipelinePlan]) -> None:
        if not self._surroundings.production:
            return
        for plan in pipelines:
            if not plan.is_guarded:
                place: Place = ("pipelines", plan.name, "stages")
                self._file.report(place, 'production needs a stage that lets callers in: "auth"')
        server = self._config.server
        if not (server.tls_certificate or server.trusted_proxies):
            message = (
                "production needs server.tls_certificate and server.tls_key, or the addresses of "
                "the TLS-terminating proxies in server.trusted_proxies"
            )
            self._file.report(("environment",), message)

    def _check_tenants(self, pipelines: Sequence[PipelinePlan]) -> None:
        backends = list(self._config.backends.tables)
        guarded = {plan.name: plan.is_guarded for plan in pipelines}
        for name, config in self._config.tenants.items():
            place: Place = ("tenants", name)
            if not re.fullmatch(NAME, name):
                self._file.report(place, "a tenant's name has letters, digits and . _ - only")
            for where, message in grant_problems(config.grants, backends, guarded):
                self._file.report((*place, *where), message)

    def _check_paths(self) -> None:
        owners: dict[str, str] = {}
        for name, config in self._config.pipelines.items():
            for position, path in enumerate(config.serves):
                place: Place = ("pipelines", name, "serves", position)
                if problem := unserved_path(path):
                    self._file.report(place, problem)
                elif path in owners:
                    self._file.report(place, f'"{path}" is served by "{owners[path]}" already')
                owners.setdefault(path, name)
