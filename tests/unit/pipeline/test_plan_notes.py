"""What is odd though it is no mistake."""

from collections.abc import Callable
from pathlib import Path

import pytest

from llm_proxy.load import read_plan

HEAD = '[pipelines.default]\nstages = ["auth", "dispatch"]\n'


@pytest.mark.parametrize(
    ("file", "note"),
    [
        (HEAD, None),
        (
            f'{HEAD}[backends.openai]\napi_key = ""\n',
            'backend "openai" is off: no api_key',
        ),
        (
            f'{HEAD}[backends]\ndefault_backend = "openai"\n[backends.openai]\napi_key = ""\n',
            'the default backend "openai" is off: a model without a prefix gets a 503',
        ),
        (
            '[pipelines.a]\nstages = ["auth", "commands", "dispatch"]\n',
            'in the chain "a", "commands" does without a session',
        ),
        (
            '[pipelines.a]\nstages = ["dispatch"]\n',
            'the chain "a" lets everybody in',
        ),
        ('[pipelines.a]\nserves = []\nstages = ["dispatch"]\n', 'the chain "a" serves no path'),
        ('[pipelines.a]\nserves = ["/v1/messages"]\nstages = ["auth", "dispatch"]\n', None),
        (
            f"{HEAD}[tenants.acme]\n",
            "no key can be made for a tenant, as [state] is this process's memory",
        ),
        (f'{HEAD}[tenants.acme]\n[state]\nurl = "redis://localhost"\n', None),
        (
            (
                f'{HEAD}[pipelines.a]\nserves = []\nstages = ["auth", "dispatch"]\n'
                '[tenants.acme]\n[state]\nurl = "redis://localhost"\n'
            ),
            None,
        ),
        (f"{HEAD}[stages.transform]\n", "no chain has the stage of [stages.transform]"),
    ],
)
def test_notes(file: str, note: str | None, toml: Callable[[str], Path]) -> None:
    notes = read_plan(toml(file), {}).notes
    assert (notes[-1] if notes else None) == note
