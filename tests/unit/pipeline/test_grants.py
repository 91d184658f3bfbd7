import pytest

from llm_proxy.pipeline.grants import NO_GRANTS, Grants


def test_whoever_has_no_grants_of_their_own_may_ask_anything() -> None:
    assert NO_GRANTS.allow("openai", "gpt-4o") is True


@pytest.mark.parametrize(
    ("grants", "model", "expected"),
    [
        (Grants(models=("gpt-4o",)), "gpt-4o", True),
        (Grants(models=("gpt-4o",)), "gpt-4o-mini", False),
        (Grants(models=("gpt-4o",)), "GPT-4o", False),
        (Grants(models=("gpt-*", "o3")), "gpt-4o-mini", True),
        (Grants(models=("gpt-*", "o3")), "o3", True),
        (Grants(models=("openai:gpt-*",)), "gpt-4o", True),
        (Grants(models=("azure:gpt-*",)), "gpt-4o", False),
        (Grants(backends=("openai",)), "gpt-4o", True),
        (Grants(backends=("azure", "gemini")), "gpt-4o", False),
        (Grants(backends=("openai",), models=("o3",)), "gpt-4o", False),
    ],
)
def test_what_is_named_may_be_asked_and_nothing_else(
    grants: Grants, model: str, *, expected: bool
) -> None:
    assert grants.allow("openai", model) is expected


@pytest.mark.parametrize("model", ["gpt-4o", "gpt-4o-mini", "o3-mini", "o3"])
def test_nothing_goes_beyond_what_the_tenant_may(model: str) -> None:
    narrowed = Grants(models=("*-mini",), within=Grants(models=("gpt-*",)))
    assert narrowed.allow("openai", model) is (model == "gpt-4o-mini")
