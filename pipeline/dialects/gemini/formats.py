"""The names of this dialect and of its two forms of answer, as `Frame.format` carries them."""

NAME = "gemini"
WHOLE = "gemini/whole"
STREAM = "gemini/stream"
