"""The HTTP door: questions and articles over the network, for people and for programs. It decides nothing.

guard (who may ask) -> limits (how much) -> routes: api, openai, page -> Collection -> readers, or a job
"""

from rag.serve.app import create
from rag.serve.collection import Collection
from rag.serve.options import Options

__all__ = ["Collection", "Options", "create"]
