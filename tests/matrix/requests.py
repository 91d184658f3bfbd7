"""What a request may hold, said in every client's dialect that can say it, and how to see at the
vendor's end whether it has arrived."""

from tests.matrix.conversation_features import CONVERSATION
from tests.matrix.setting_features import SETTINGS

FEATURES = [*CONVERSATION, *SETTINGS]
