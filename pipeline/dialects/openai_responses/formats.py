"""The names of this dialect and of its two forms of answer, as `Frame.format` carries them."""

NAME = "openai_responses"
WHOLE = "openai_responses/whole"
STREAM = "openai_responses/stream"
