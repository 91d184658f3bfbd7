"""The facts about models that lie in the data file."""

import pytest
from pydantic import ValidationError

from llm_proxy.backends.openai import OpenAIOptions
from llm_proxy.backends.traits import known_servers, server_at, traits_of
from llm_proxy.pipeline.dialects.efforts import fitting_effort
from llm_proxy.pipeline.params import Effort


@pytest.mark.parametrize(
    ("model", "thinking", "sampling"),
    [
        ("claude-3-5-haiku-20241022", "none", "unit"),
        ("claude-3-7-sonnet-20250219", "budget", "one_of_unit"),
        ("claude-sonnet-4-20250514", "budget", "one_of_unit"),
        ("claude-sonnet-4-5", "budget", "one_of_unit"),
        ("claude-opus-4-6", "adaptive", "one_of_unit"),
        ("claude-opus-4-7", "adaptive", "none"),
        ("claude-opus-4-8", "adaptive", "none"),
        ("claude-sonnet-5", "adaptive", "none"),
        ("a-name-to-come", "adaptive", "none"),
    ],
)
def test_which_claude_takes_which_form(model: str, thinking: str, sampling: str) -> None:
    traits = traits_of("anthropic", model, {})
    assert (traits.thinking, traits.sampling) == (thinking, sampling)


@pytest.mark.parametrize(
    ("model", "takes"),
    [
        ("claude-opus-4-8", True),
        ("claude-opus-5", True),
        ("claude-opus-4-7", False),
        ("claude-sonnet-5", False),
        ("claude-sonnet-4-5", False),
    ],
)
def test_which_claude_takes_system_turns(model: str, takes: bool) -> None:  # noqa: FBT001
    assert traits_of("anthropic", model, {}).system_turns is takes


@pytest.mark.parametrize(
    ("model", "thinking", "stops"),
    [
        ("gemini-2.0-flash", "none", False),
        ("gemini-2.5-flash", "budget", True),
        ("gemini-2.5-pro", "budget", False),
        ("gemini-3-pro-preview", "level", False),
    ],
)
def test_which_gemini_thinks_how(model: str, thinking: str, stops: bool) -> None:  # noqa: FBT001
    traits = traits_of("gemini", model, {})
    assert traits.thinking == thinking
    assert traits.can_stop_thinking is stops or thinking == "none"


def test_openais_thinking_models_refuse_temperature_and_the_old_limit() -> None:
    traits = traits_of("openai", "gpt-5-mini", {})
    assert (traits.sampling, traits.max_tokens_field) == ("none", "max_completion_tokens")
    assert traits_of("openai", "gpt-4o", {}).sampling == "full"


@pytest.mark.parametrize(
    ("url", "server"),
    [
        ("https://api.openai.com/v1", "openai"),
        ("https://api.deepseek.com", "deepseek"),
        ("http://127.0.0.1:11434/v1", "ollama"),
        ("http://127.0.0.1:8000/v1", "compatible"),
    ],
)
def test_a_server_is_known_by_its_address(url: str, server: str) -> None:
    assert server_at(url) == server


def test_the_file_names_every_server_that_an_option_may_name() -> None:
    assert {"openai", "openrouter", "zai", "deepseek", "vllm", "ollama", "llama.cpp"} <= set(
        known_servers()
    )


def test_single_facts_of_a_backend_win() -> None:
    assert traits_of("openai", "gpt-5", {"sampling": "full"}).sampling == "full"


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"traits": {"samplin": "full"}}, "samplin"),
        ({"traits": {"sampling": "some"}}, "sampling"),
        ({"server": "vlm"}, 'did you mean "vllm"'),
    ],
)
def test_a_wrong_fact_is_told(options: dict[str, object], told: str) -> None:
    with pytest.raises(ValidationError, match=told):
        OpenAIOptions.model_validate(options)


@pytest.mark.parametrize(
    ("vendor", "model", "asked", "sent"),
    [
        ("deepseek", "deepseek-reasoner", "medium", "high"),
        ("deepseek", "deepseek-reasoner", "xhigh", "high"),
        ("deepseek", "deepseek-reasoner", "minimal", "low"),
        ("zai", "glm-5.3", "none", "low"),
        ("zai", "glm-5.3", "xhigh", "max"),
        ("openrouter", "x", "max", "xhigh"),
        ("gemini", "gemini-3-pro", "medium", "high"),
        ("gemini", "gemini-3-flash", "none", "minimal"),
        ("openai", "o3-mini", "none", "low"),
    ],
)
def test_the_effort_that_is_sent(vendor: str, model: str, asked: Effort, sent: Effort) -> None:
    assert fitting_effort(asked, traits_of(vendor, model, {})) == sent
