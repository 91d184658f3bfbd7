import json

import pytest
from google.genai import types

from llm_proxy.pipeline.dialects.dialect import ModelEntry
from llm_proxy.pipeline.dialects.gemini import Gemini
from llm_proxy.pipeline.errors import UpstreamBroken

ENTRY = ModelEntry("gemini:gemini-3-pro", "google")


def test_a_vendors_list() -> None:
    body = b'{"models":[{"name":"models/gemini-3-pro"},{"name":"tuned"},{"name":7},{},null]}'
    assert ["gemini-3-pro", "tuned"] == Gemini().read_models(body)


@pytest.mark.parametrize("body", [b"x", b"[]", b'{"data":[]}'])
def test_what_is_no_list(body: bytes) -> None:
    with pytest.raises(UpstreamBroken):
        Gemini().read_models(body)


def test_our_list_is_read_by_the_sdk() -> None:
    (entry,) = json.loads(Gemini().write_models([ENTRY]))["models"]
    assert json.loads(Gemini().write_model(ENTRY)) == entry
    assert ["gemini:gemini-3-pro"] == Gemini().read_models(Gemini().write_models([ENTRY]))
    methods = entry.pop("supportedGenerationMethods")
    assert ["generateContent", "countTokens"] == methods
    model = types.Model.model_validate(entry)
    assert ("models/gemini:gemini-3-pro", "gemini:gemini-3-pro") == (model.name, model.display_name)
