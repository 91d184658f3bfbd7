"""The names of this dialect and of its two forms of answer, as `Frame.format` carries them."""

NAME = "anthropic_messages"
WHOLE = "anthropic_messages/whole"
STREAM = "anthropic_messages/stream"
