"""An embedder behind an address that speaks the OpenAI embeddings API."""

import hashlib
import json
from collections.abc import Sequence
from typing import Any, cast

import numpy as np

from rag.protocols import Floats
from rag.remote import EndpointError, call, first_model, locate, read_json, shown

__all__ = ["EndpointEmbedder"]

BATCH = 32
"""Texts in one request. Text Embeddings Inference takes no more by default; a server that takes fewer is
asked again with half as many."""


class EndpointEmbedder:
    """Vectors from a server that speaks the OpenAI embeddings API.

    `address` is what the API's clients call the base address, as in `http://localhost:8000/v1`. Three rules:
    `/embeddings` is appended unless the path already ends so; an address without any path stands for `/v1`;
    a fragment names the model, as in `http://localhost:8000/v1#bge-m3`. Without one, it is the first model
    that `GET …/models` lists, or else `default`.

    The key, if the server wants one, comes from the environment only: `RAG_API_KEY`, or else
    `OPENAI_API_KEY`, which is not sent over plain http to another machine. `timeout` is in seconds, for one
    request; `tries` counts requests for one batch; `wait` is the pause in seconds after the first failure,
    doubled after each.

    The constructor asks for one vector, to learn `dimensions`. It and the methods raise `ModelError`, which
    names the address and what to do, when the server is not reached, refuses, or answers without vectors.
    """

    def __init__(self, address: str, *, timeout: float = 60.0, tries: int = 4, wait: float = 0.5) -> None:
        self._url, models, model = locate(address, "/embeddings")
        self.name = address
        self._ask: dict[str, Any] = {"timeout": timeout, "tries": tries, "wait": wait}
        self._batch = BATCH
        self.model = model or first_model(models, **self._ask)
        self.dimensions = 0
        self.dimensions = self._embed(["dimensions"]).shape[1]
        digest = hashlib.sha256(json.dumps([self._url, self.model, self.dimensions]).encode())
        self.fingerprint = f"endpoint:{digest.hexdigest()[:32]}"

    def embed_queries(self, texts: Sequence[str]) -> Floats:
        """Vectors of questions, shape (len(texts), dimensions), L2-normalised. Any prompt is the server's."""
        return self._embed(texts)

    def embed_passages(self, texts: Sequence[str]) -> Floats:
        """Vectors of passages, shape (len(texts), dimensions), L2-normalised."""
        return self._embed(texts)

    def _embed(self, texts: Sequence[str]) -> Floats:
        rows: list[Floats] = []
        at = 0
        while at < len(texts):
            batch = [text or " " for text in texts[at : at + self._batch]]  # the API refuses an empty text
            try:
                rows.append(self._vectors(batch))
            except EndpointError as error:
                if error.status not in (400, 413, 422) or len(batch) == 1:
                    raise
                self._batch = (len(batch) + 1) // 2  # too many for this server, perhaps
                continue
            at += len(batch)
        return np.concatenate(rows) if rows else np.zeros((0, self.dimensions), np.float32)

    def _vectors(self, batch: list[str]) -> Floats:
        answer = call(self._url, {"model": self.model, "input": batch}, read_json, **self._ask)
        wrong = f"{shown(self._url)} did not answer with embeddings"
        check = "check that this is an OpenAI-style embeddings API, and the model an embedding model"
        try:
            data = sorted(answer["data"], key=lambda item: int(item["index"]))
            numbers = [int(item["index"]) for item in data]
            vectors = np.array([item["embedding"] for item in data], dtype=np.float32)
        except (LookupError, TypeError, ValueError) as error:
            raise EndpointError(f"{wrong} ({type(error).__name__}: {error})", check, 200) from error
        if numbers != list(range(len(batch))):
            said = f"{wrong}: {len(data)} vectors are not one for each of {len(batch)} texts"
            raise EndpointError(said, check, 200)
        if vectors.ndim != 2 or not vectors.shape[1] or not np.isfinite(vectors).all():
            raise EndpointError(f"{wrong}: its vectors are empty or not finite", check, 200)
        if self.dimensions and vectors.shape[1] != self.dimensions:
            said = f"{shown(self._url)} gave vectors of {vectors.shape[1]} dimensions, before {self.dimensions}"
            raise EndpointError(said, "the server changed its model; name it again and rebuild the index", 200)
        norms = np.linalg.norm(vectors, axis=1, keepdims=True)
        return cast(Floats, (vectors / np.where(norms == 0, 1, norms)).astype(np.float32))
