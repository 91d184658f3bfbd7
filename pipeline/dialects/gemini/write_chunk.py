"""One `GenerateContentResponse`, which is a whole answer or a chunk of one."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import uuid4

from llm_proxy.pipeline.dialects.gemini.finish_reasons import written_reason
from llm_proxy.pipeline.dialects.gemini.usage import written_usage
from llm_proxy.pipeline.events import Finish, Start, Usage


class ChunkHead:
    """What is the same in every chunk of one answer: its model and its id, made up if it has
    none."""

    def __init__(self, start: Start | None = None) -> None:
        self._model = start.model if start else ""
        self._id = (start.id if start else "") or uuid4().hex

    def chunk(
        self,
        parts: Sequence[Mapping[str, Any]],
        finish: Finish | None = None,
        usage: Usage | None = None,
    ) -> dict[str, Any]:
        """A chunk with these parts; the last one has the reason to stop and the counts."""
        candidate: dict[str, Any] = {"content": {"role": "model", "parts": parts}}
        if finish is not None:
            candidate["finishReason"] = written_reason(finish.reason)
        chunk: dict[str, Any] = {"candidates": [{**candidate, "index": 0}]}
        if usage is not None:
            chunk["usageMetadata"] = written_usage(usage)
        return {**chunk, "modelVersion": self._model, "responseId": self._id}
