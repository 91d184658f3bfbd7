"""What may be asked of an answer, in every dialect that can."""

from tests.matrix.bodies import (
    TEXT,
    TEXT_R,
    C,
    G,
    M,
    R,
    chat,
    config,
    gemini,
    messages,
    responses,
)
from tests.matrix.feature import Feature
from tests.matrix.looks import (
    is_marked,
    setting,
)

SETTINGS = [
    Feature(
        "limit of the answer",
        {
            C: chat(max_completion_tokens=500),
            R: responses(max_output_tokens=500),
            M: messages() | {"max_tokens": 500},
            G: config(maxOutputTokens=500),
        },
        setting("max_tokens", 500),
    ),
    Feature(
        "stop sequences",
        {
            C: chat(stop=["END"]),
            M: messages(stop_sequences=["END"]),
            G: config(stopSequences=["END"]),
        },
        setting("stop", ["END"]),
    ),
    Feature(
        "temperature",
        {
            C: chat(temperature=0.5),
            R: responses(temperature=0.5),
            M: messages(temperature=0.5),
            G: config(temperature=0.5),
        },
        setting("temperature", 0.5),
    ),
    Feature("top_k", {M: messages(top_k=5), G: config(topK=5)}, setting("top_k", 5)),
    Feature("seed", {C: chat(seed=7), G: config(seed=7)}, setting("seed", 7)),
    Feature(
        "penalties",
        {C: chat(presence_penalty=1), G: config(presencePenalty=1)},
        setting("presence_penalty", 1),
    ),
    Feature("several answers", {C: chat(n=2), G: config(candidateCount=2)}, setting("n", 2)),
    Feature(
        "id of the user",
        {
            C: chat(user="someone"),
            R: responses(safety_identifier="someone"),
            M: messages(metadata={"user_id": "someone"}),
        },
        setting("user", "someone"),
    ),
    Feature(
        "mark for the cache",
        {
            C: chat({**TEXT, "prompt_cache_breakpoint": {"mode": "explicit"}}),
            R: responses({**TEXT_R, "prompt_cache_breakpoint": {"mode": "explicit"}}),
            M: messages({**TEXT, "cache_control": {"type": "ephemeral"}}),
        },
        is_marked,
    ),
    Feature(
        "state kept at the vendor",
        {R: responses(previous_response_id="resp_1"), G: gemini(cachedContent="cachedContents/1")},
        lambda request: bool(
            request.params.get("previous_response_id") or request.params.get("cachedContent")
        ),
    ),
]
