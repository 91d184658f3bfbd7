"""LLM Interactive Proxy: one ordered chain of stages between any LLM client and any LLM vendor."""
