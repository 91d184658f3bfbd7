"""The keys that callers come in with, where they are kept in shared state."""
