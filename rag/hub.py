"""Models on this machine: those in the cache of the Hugging Face hub, and fetching one into it."""

import fnmatch
import json
import os
import re
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from rag.errors import BadInput, ModelError

__all__ = ["HUB_ID", "Cached", "announce", "cached", "fetch", "first_line", "is_cached", "needed", "offline"]

HUB_ID = re.compile(r"(?:[A-Za-z0-9_][A-Za-z0-9_.-]*/)?[A-Za-z0-9_][A-Za-z0-9_.-]*")
"""The form of a model's id on the hub."""

ANSWERS_WITHIN = 5.0
"""Seconds."""

_WANTED = ("*.safetensors", "*.json", "*.jinja", "*.txt", "tokenizer.model", "sentencepiece.bpe.model", "spiece.model")
_NOT_WANTED = ("onnx/*", "openvino/*", "original/*", "coreml/*", "gguf/*", "consolidated*")


def offline() -> bool:
    """Whether the user has said that no hub is to be asked."""
    return any(
        os.environ.get(variable, "").upper() in ("1", "ON", "YES", "TRUE")
        for variable in ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE")
    )


def first_line(error: BaseException) -> str:
    """The first line of an error's message, cut to 300 characters; the name of its kind where it has none."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:300]


@dataclass(frozen=True, slots=True)
class Cached:
    """A model of the hub's cache: its id, what it can be for (`embedder`, `writer` or ""), bytes, and its folder."""

    name: str
    use: str
    size: int
    folder: str


def cached() -> list[Cached]:
    """The models in the cache whose weights are there, by name. Opens no socket."""
    from huggingface_hub import scan_cache_dir
    from huggingface_hub.errors import CacheNotFound

    try:
        repositories = scan_cache_dir().repos
    except CacheNotFound:
        return []
    found = []
    for one in repositories:
        if one.repo_type != "model":
            continue
        for revision in one.revisions:
            if "main" in revision.refs and any(revision.snapshot_path.rglob("*.safetensors")):
                folder = revision.snapshot_path
                found.append(Cached(one.repo_id, _use(folder), one.size_on_disk, str(folder)))
    return sorted(found, key=lambda model: model.name.lower())


def _use(folder: Path) -> str:
    if (folder / "modules.json").is_file():
        return "embedder"
    try:
        kinds = json.loads((folder / "config.json").read_text(encoding="utf-8")).get("architectures") or []
        settings = folder / "tokenizer_config.json"
        chats = (folder / "chat_template.jinja").is_file() or (
            settings.is_file() and "chat_template" in json.loads(settings.read_text(encoding="utf-8"))
        )
    except (OSError, ValueError, AttributeError):
        return ""
    causal = any(str(kind).endswith(("ForCausalLM", "ForConditionalGeneration", "LMHeadModel")) for kind in kinds)
    return "writer" if chats and causal else ""


def needed(sizes: dict[str, int]) -> dict[str, int]:
    """Of a repository's files and their sizes those that a model is loaded from: no pickles, no other formats.

    >>> needed({"config.json": 1, "model.safetensors": 9, "pytorch_model.bin": 9, "onnx/config.json": 1})
    {'config.json': 1, 'model.safetensors': 9}
    """
    return {
        name: size
        for name, size in sizes.items()
        if any(fnmatch.fnmatch(name, pattern) for pattern in _WANTED)
        and not any(fnmatch.fnmatch(name, pattern) for pattern in _NOT_WANTED)
    }


def is_cached(name: str) -> bool:
    """Whether something of the model `name` is in the cache. Opens no socket."""
    from huggingface_hub import try_to_load_from_cache

    return isinstance(try_to_load_from_cache(name, "config.json"), str)


def announce(what: str, name: str, *others: str) -> None:
    """Say on standard error that the model `name`, a `what`, is about to be fetched, under this id or one of `others`.

    The hub is asked once, and briefly, for the libraries that fetch ask again and again. Raises ModelError where
    `HF_HUB_OFFLINE` forbids asking, and where the hub does not answer or has no such model.
    """
    if offline():
        raise ModelError(
            f"the {what} {name!r} is not on this machine, and HF_HUB_OFFLINE forbids fetching it",
            f"unset it once for `rag models fetch {name}`, or copy the model's folder here and name that",
        )
    from huggingface_hub import HfApi
    from huggingface_hub.errors import RepositoryNotFoundError

    for one in (name, *others):
        try:
            HfApi().model_info(one, timeout=ANSWERS_WITHIN)
        except RepositoryNotFoundError:
            continue
        except Exception as error:
            raise ModelError(
                f"the {what} {name!r} is neither a folder nor in the hub's cache, and the hub cannot be reached",
                f"check the name; with a connection, `rag models fetch {name}` brings it",
            ) from error
        sys.stderr.write(f"rag: fetching the {what} {name} from the Hugging Face hub, once\n")
        return
    raise ModelError(
        f"the {what} {name!r} is neither a folder nor in the hub's cache, and the hub has no model of that name",
        "check the name; `rag models` lists what is here; for a private one set HF_TOKEN",
    )


def fetch(name: str, announce: Callable[[int], None], *, bar: bool) -> str:
    """Bring a model of the hub into the cache and return its folder; `announce` is told its bytes before.

    What is there already is not fetched again. `bar` shows progress on standard error. Raises BadInput for what is no
    id of the hub, ModelError where `HF_HUB_OFFLINE` forbids it, the hub does not have the model or does not give it,
    its weights are not in safetensors, or the disk has no room.
    """
    if not HUB_ID.fullmatch(name):
        raise BadInput(f"{name!r} is no model id of the Hugging Face hub", "write it as OWNER/NAME")
    if offline():
        raise ModelError(f"HF_HUB_OFFLINE forbids fetching {name}", "unset it for this call")
    from huggingface_hub import HfApi, constants, snapshot_download
    from huggingface_hub.errors import GatedRepoError, RepositoryNotFoundError
    from huggingface_hub.utils.tqdm import disable_progress_bars, enable_progress_bars

    try:
        facts = HfApi().model_info(name, files_metadata=True, timeout=30)
        sizes = needed({file.rfilename: file.size or 0 for file in facts.siblings or []})
        if not any(file.endswith(".safetensors") for file in sizes):
            raise ModelError(f"{name} has no weights in safetensors", "choose a model or a copy of it that has")
        announce(sum(sizes.values()))
        cache = Path(constants.HF_HUB_CACHE)
        cache.mkdir(parents=True, exist_ok=True)
        free = shutil.disk_usage(cache).free
        if sum(sizes.values()) > free:
            raise ModelError(f"{cache} has room for {free / 1e9:.1f} GB only", "make room, or set HF_HOME elsewhere")
        (enable_progress_bars if bar else disable_progress_bars)()
        return str(snapshot_download(name, allow_patterns=list(sizes)))
    except ModelError:
        raise
    except GatedRepoError as error:
        hint = "agree to its terms on its page at the hub, and put your token into HF_TOKEN"
        raise ModelError(f"{name} is given only to those who agreed to its terms", hint) from error
    except RepositoryNotFoundError as error:
        raise ModelError(f"the hub has no model {name}", "check the name; for a private one set HF_TOKEN") from error
    except Exception as error:
        said = f"{name} could not be fetched ({first_line(error)})"
        raise ModelError(said, "check the connection; the same call goes on from where it stopped") from error
