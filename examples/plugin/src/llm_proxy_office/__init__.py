"""Short answers and office hours for LLM Interactive Proxy."""
