"""What a stage is, what flows through it, and how a file becomes a chain.

A stage (`stage`) gets an `exchange` with a `request` and gives a `reply` of `events`.
A file becomes a chain in this order: `config_file` (text and lines), `config` (shape), `planner`
(names and options: a `plan`, with `plan_notes`), `proxy` (backends and `chain`s, open).
"""

from llm_proxy.pipeline.backend import Backend, BackendKit, BackendOptions
from llm_proxy.pipeline.chain import Pipeline
from llm_proxy.pipeline.config_file import Place
from llm_proxy.pipeline.errors import ConfigError, ProxyError
from llm_proxy.pipeline.exchange import Caller, Client, Exchange, Fact, Session
from llm_proxy.pipeline.parts import Text
from llm_proxy.pipeline.reply import Head, Reply
from llm_proxy.pipeline.request import ChatRequest, Message
from llm_proxy.pipeline.session_state import SessionState
from llm_proxy.pipeline.stage import Gate, Kit, Next, Stage, StageOptions, Surroundings
from llm_proxy.pipeline.trace import Target

__all__ = [
    "Backend",
    "BackendKit",
    "BackendOptions",
    "Caller",
    "ChatRequest",
    "Client",
    "ConfigError",
    "Exchange",
    "Fact",
    "Gate",
    "Head",
    "Kit",
    "Message",
    "Next",
    "Pipeline",
    "Place",
    "ProxyError",
    "Reply",
    "Session",
    "SessionState",
    "Stage",
    "StageOptions",
    "Surroundings",
    "Target",
    "Text",
]
