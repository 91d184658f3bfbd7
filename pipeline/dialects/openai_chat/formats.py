"""The names of this dialect's two forms of answer, as `Frame.format` carries them."""

COMPLETION = "openai_chat/whole"
CHUNKS = "openai_chat/stream"
