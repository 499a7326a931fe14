"""A server under load and under attack: searches and questions of many clients, requests that mean ill, its memory."""

from rag.measure.serving import table
from rag.measure.serving.clients import Clients
from rag.measure.serving.cost import cost
from rag.measure.serving.hostile import attack
from rag.measure.serving.load import load, load_in_process
from rag.measure.serving.server import Target, started, target

__all__ = ["Clients", "Target", "attack", "cost", "load", "load_in_process", "started", "table", "target"]
