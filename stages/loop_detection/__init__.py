"""`loop_detection`: stops answers and agents that go round in circles."""

from llm_proxy.stages.loop_detection.guard import NOTICE
from llm_proxy.stages.loop_detection.stage import LoopDetection

__all__ = ["NOTICE", "LoopDetection"]
