"""The names of this dialect and of its two forms of answer, as `Frame.format` carries them."""

NAME = "openai_chat"
COMPLETION = "openai_chat/whole"
CHUNKS = "openai_chat/stream"
