"""A server under load and under attack: searches and questions of many clients, requests that mean ill, its memory."""

from rag.measure.serving import table
from rag.measure.serving.cost import cost
from rag.measure.serving.hostile import attack
from rag.measure.serving.load import load
from rag.measure.serving.server import Target, started, target

__all__ = ["Target", "attack", "cost", "load", "started", "table", "target"]
