"""An embedder from a sentence-transformers model: a local folder, or an id of the Hugging Face hub."""

import difflib
import hashlib
import json
import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

import numpy as np

from rag.embed import KINDS
from rag.errors import ModelError
from rag.hub import announce, first_line, offline
from rag.protocols import Floats

__all__ = ["SentenceTransformerEmbedder", "folder_fingerprint"]

PROMPTS = (
    (r"e5-(small|base|large)(-v2)?$", "query: ", "passage: "),
    (r"bge-(small|base|large)-zh(-v1\.5)?$", "为这个句子生成表示以用于检索相关文章：", ""),
    (r"bge-(small|base|large)-en(-v1\.5)?$", "Represent this sentence for searching relevant passages: ", ""),
)
"""By name: query and passage prompts that a model's card asks for and its files do not hold."""

_HUB_ID = re.compile(r"[A-Za-z0-9_.-]+(/[A-Za-z0-9_.-]+)?")
_CONTENT = frozenset((".json", ".txt", ".model", ".safetensors", ".bin", ".jinja", ".tiktoken", ".vocab"))
_OTHER_RUNTIMES = frozenset(("onnx", "openvino", "coreml"))


class SentenceTransformerEmbedder:
    """Vectors from a sentence-transformers model, on the GPU if there is one.

    `name` is a folder or a hub id. An id is looked up in the local cache first, without a socket, and
    fetched only if it is not there and `HF_HUB_OFFLINE` is not set, after a line on standard error.
    `device` is a torch device such as `cpu` or `cuda:1`; without it, the best one there is.

    The model's own prompts for queries and passages are used, or those of `PROMPTS`. Weights are read as
    safetensors only, and no code of the model's is run.

    `fingerprint` is made from the content of the model's files, so that it is the same for a copy elsewhere.

    Raises `ModelError` if the package is missing, the model is not known or not here, or cannot be loaded.
    """

    def __init__(self, name: str, *, device: str | None = None) -> None:
        self.name = name
        folder = _folder(name)
        self._model = _open(name, folder, device)
        folder = folder or _cached(name, sure=False)
        self._prompts: dict[str, dict[str, str]] = {"query": {}, "passage": {}}
        if not any(self._model.prompts.values()):
            for pattern, query, passage in PROMPTS:
                if re.search(pattern, name.rstrip("/"), re.IGNORECASE):
                    self._prompts = {"query": {"prompt": query}, "passage": {"prompt": passage}}
        on_cpu = self._model.device.type == "cpu"
        if on_cpu:
            self._model.float()  # half precision is slower there, and no smaller once loaded
        self._batch = 32 if on_cpu else 64
        self.dimensions = int(self._encode(["dimensions"], "query").shape[1])
        prompts = json.dumps([self._model.prompts, self._model.default_prompt_name, self._prompts], sort_keys=True)
        content = folder_fingerprint(folder) if folder else name
        digest = hashlib.sha256(f"{content} {prompts} {self.dimensions}".encode()).hexdigest()
        self.fingerprint = f"sentence-transformers:{digest[:32]}"

    def embed_queries(self, texts: Sequence[str]) -> Floats:
        """Vectors of questions, shape (len(texts), dimensions), L2-normalised, with its query prompt."""
        return self._encode(texts, "query")

    def embed_passages(self, texts: Sequence[str]) -> Floats:
        """Vectors of passages, shape (len(texts), dimensions), L2-normalised, with its passage prompt."""
        return self._encode(texts, "passage")

    def _encode(self, texts: Sequence[str], side: str) -> Floats:
        if not texts:
            return np.zeros((0, self.dimensions), np.float32)
        encode = self._model.encode_query if side == "query" else self._model.encode_document
        options = {"batch_size": self._batch, "show_progress_bar": False, **self._prompts[side]}
        try:
            vectors = np.asarray(encode(list(texts), **options), dtype=np.float32)
        except RuntimeError as error:  # torch's, out of memory among them
            raise ModelError(f"{self.name} failed ({first_line(error)})", "try it on the CPU") from error
        if not np.isfinite(vectors).all():
            raise ModelError(f"{self.name} gave vectors that are not finite", "its weights are damaged; fetch it again")
        norms = np.linalg.norm(vectors, axis=1, keepdims=True)
        return cast(Floats, vectors / np.where(norms == 0, 1, norms))


def folder_fingerprint(folder: Path) -> str:
    """SHA-256, in hex, over names and content of the files in `folder` that decide on vectors.

    Neither place nor time of the files matters, nor do cards, licences and weights for other runtimes.
    """
    total = hashlib.sha256()
    for path in sorted(folder.rglob("*"), key=lambda path: path.relative_to(folder).as_posix()):
        inside = path.relative_to(folder)
        skipped = any(part.startswith(".") or part in _OTHER_RUNTIMES for part in inside.parts)
        if not skipped and path.suffix in _CONTENT and path.is_file():
            total.update(f"{inside.as_posix()}\0{_content_hash(path)}\n".encode())
    return total.hexdigest()


def _content_hash(path: Path) -> str:
    target = path.resolve()
    if target.parent.name == "blobs" and re.fullmatch("[0-9a-f]{64}", target.name):
        return target.name  # the hub's cache keeps large files under their SHA-256
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def _folder(name: str) -> Path | None:
    """Where the model `name` is on this machine, without a socket; None if it would have to be fetched."""
    folder = Path(name).expanduser()
    if folder.is_dir():
        if not any((folder / file).is_file() for file in ("modules.json", "config.json")):
            raise ModelError(f"{name} is a folder without a model", f"it has no modules.json or config.json; {KINDS}")
        return folder
    if name.startswith((".", "~", "/")) or not _HUB_ID.fullmatch(name):
        raise ModelError(f"there is no embedding model {name!r}", KINDS)
    if difflib.get_close_matches(name, ["builtin"], cutoff=0.75):
        raise ModelError(f"there is no embedding model {name!r}", f"did you mean `builtin`? {KINDS}")
    return _cached(name, sure=not offline())


def _cached(name: str, *, sure: bool) -> Path | None:
    """The snapshot of hub id `name` in the cache; if `sure`, only when what says how to pool is there."""
    from huggingface_hub import try_to_load_from_cache

    cache = os.environ.get("SENTENCE_TRANSFORMERS_HOME") or None
    for repository in (name,) if "/" in name else (f"sentence-transformers/{name}", name):
        modules = try_to_load_from_cache(repository, "modules.json", cache_dir=cache)
        config = try_to_load_from_cache(repository, "config.json", cache_dir=cache)
        for found in (modules, None if sure and modules is None else config):
            if isinstance(found, str):
                return Path(found).parent
    return None


def _open(name: str, folder: Path | None, device: str | None) -> Any:
    if folder is None:
        announce("embedding model", name, *(() if "/" in name else (f"sentence-transformers/{name}",)))
    else:
        _refuse_pickle(name, folder)
    try:
        from sentence_transformers import SentenceTransformer
    except ImportError as error:
        hint = "pip install 'rag[models]', or use `builtin`"
        raise ModelError(f"{name!r} needs the package sentence-transformers ({first_line(error)})", hint) from error
    options: dict[str, Any] = {
        "device": device,
        "trust_remote_code": False,
        "model_kwargs": {"use_safetensors": True},
    }
    if folder:
        try:
            return SentenceTransformer(str(folder), local_files_only=True, **options)
        except Exception as error:
            if Path(name).expanduser().is_dir() or offline() or not isinstance(error, OSError):
                hint = f"check that the model is whole and of a kind that the package loads; {KINDS}"
                raise ModelError(f"{name} cannot be loaded ({first_line(error)})", hint) from error
        announce("embedding model", name)  # it is in the cache in part
    try:
        return SentenceTransformer(name, **options)
    except Exception as error:
        raise ModelError(
            f"the embedding model {name!r} is not here and could not be fetched ({first_line(error)})",
            f"check the name and the connection; {KINDS}",
        ) from error


def _refuse_pickle(name: str, folder: Path) -> None:
    for path in folder.rglob("pytorch_model*.bin"):
        if not any(path.parent.glob("*.safetensors")):
            raise ModelError(
                f"the weights of {name} are pickled ({path.name}), and a pickle can carry code",
                "name a model that has model.safetensors, or if you trust this one, convert it: "
                f"SentenceTransformer({name!r}).save('folder'), and name that folder",
            )
