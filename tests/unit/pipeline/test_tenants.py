"""`[tenants.NAME]` in the file."""

from collections.abc import Callable
from pathlib import Path

import pytest

from llm_proxy.load import read_plan
from llm_proxy.pipeline.errors import ConfigError
from llm_proxy.pipeline.grants import NO_GRANTS, Grants, LimitOf
from llm_proxy.pipeline.plan import Plan

HEAD = """\
[pipelines.default]
stages = ["auth", "dispatch"]
[pipelines.careful]
serves = []
stages = ["auth", "rate_limit", "dispatch"]
[pipelines.open]
serves = []
stages = ["dispatch"]
[backends.openai]
api_key = "shared-1,shared-2"
[backends.gemini]
api_key = ""
"""

Write = Callable[[str], Path]


@pytest.fixture
def read(toml: Write) -> Callable[[str], Plan]:
    def read(tenants: str) -> Plan:
        return read_plan(toml(HEAD + tenants), {})

    return read


Read = Callable[[str], Plan]


@pytest.fixture
def problems(read: Read) -> Callable[[str], list[str]]:
    def problems(tenants: str) -> list[str]:
        with pytest.raises(ConfigError) as caught:
            read(tenants)
        return [line.partition(": ")[2] for line in caught.value.problems]

    return problems


Problems = Callable[[str], list[str]]


def test_an_empty_tenant_may_do_what_all_may(read: Read) -> None:
    plan = read("[tenants.acme]\n")
    assert plan.config.tenants["acme"].grants == NO_GRANTS
    assert plan.own_backends == {}


def test_what_it_may_is_shared_by_all_its_keys(read: Read) -> None:
    plan = read(
        "[tenants.acme]\n"
        'limits = "600 requests/1m, 20 in_flight"\n'
        'budget = "20/30d"\n'
        'models = ["gpt-*", "openai:o3"]\n'
        'backends = "openai,vllm-*"\n'
        'pipeline = "careful"\n'
    )
    limits = (
        LimitOf("requests", 600, 60, "tenant"),
        LimitOf("in_flight", 20, 0, "tenant"),
        LimitOf("money", 20, 30 * 86400, "tenant"),
    )
    expected = Grants(limits, ("gpt-*", "openai:o3"), ("openai", "vllm-*"), "careful")
    assert plan.config.tenants["acme"].grants == expected


def test_a_tenants_own_keys_make_backends_of_its_own(read: Read) -> None:
    plan = read('[tenants.acme.vendor_keys]\nopenai = "own"\ngemini = "own-too"\n')
    shared = {one.name: one for one in plan.backends}
    openai, gemini = plan.own_backends["acme"]
    assert (openai.name, openai.options.keys) == ("openai", ["own"])  # type: ignore[attr-defined]
    assert shared["openai"].options.keys == ["shared-1", "shared-2"]  # type: ignore[attr-defined]
    assert (gemini.off, shared["gemini"].off) == (None, "no api_key")


def test_a_key_that_is_empty_switches_the_backend_off_for_its_tenant(read: Read) -> None:
    plan = read('[tenants.acme.vendor_keys]\nopenai = "${ACME_KEY:-}"\n')
    assert [one.off for one in plan.own_backends["acme"]] == ["no api_key"]
    assert plan.notes[-1] == 'backend "openai" is off for the tenant "acme": no api_key'


@pytest.mark.parametrize(
    ("tenants", "expected"),
    [
        (
            '[tenants."a b"]\n',
            'tenants."a b": a tenant\'s name has letters, digits and . _ - only',
        ),
        ("[tenants.a]\nmodel = 'x'\n", 'tenants.a.model: unknown key; did you mean "models"?'),
        (
            "[tenants.a]\nbackends = ['opnai']\n",
            'tenants.a.backends[0]: no backend named "opnai"; did you mean "openai"?',
        ),
        (
            "[tenants.a]\npipeline = 'carefull'\n",
            'tenants.a.pipeline: no pipeline named "carefull"; did you mean "careful"?',
        ),
        (
            "[tenants.a]\npipeline = 'open'\n",
            (
                'tenants.a.pipeline: "open" cannot be for some callers alone: without a stage that '
                "lets callers in it does not know whose request it is"
            ),
        ),
        (
            "[tenants.a]\nlimits = '5 apples'\n",
            (
                'tenants.a.limits: "5 apples" is no limit like "60 requests/1m", '
                '"100000 tokens/1h" or "5 in_flight"'
            ),
        ),
        (
            "[tenants.a]\nbudget = 20\n",
            'tenants.a.budget: "20" is no budget like "20/30d": 20 dollars in 30 days',
        ),
        (
            "[tenants.a.vendor_keys]\nopnai = 'k'\n",
            'tenants.a.vendor_keys.opnai: no backend named "opnai"; did you mean "openai"?',
        ),
        (
            "[tenants.a.vendor_keys]\nlocal = 'k'\n",
            "tenants.a.vendor_keys.local.api_key: unknown key",
        ),
        ("[tenants]\na = 1\n", "tenants.a: must be a table"),
    ],
)
def test_a_mistake_is_told_with_its_place(tenants: str, expected: str, problems: Problems) -> None:
    assert problems(tenants) == [expected]


def test_a_bad_vendor_key_is_told_without_it(problems: Problems) -> None:
    [told] = problems('[tenants.a.vendor_keys]\nopenai = "se cret"\n')
    place = "tenants.a.vendor_keys.openai.api_key"
    assert told == f"{place}: a key has no blanks, line ends or letters beyond ASCII"


def test_no_secret_is_printed(read: Read) -> None:
    plan = read('[tenants.acme.vendor_keys]\nopenai = "own-secret"\n')
    assert "own-secret" not in repr(plan)
