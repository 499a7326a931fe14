"""A writer on this machine: any causal language model of transformers that has a chat template."""

import threading
from collections.abc import Generator, Iterator, Sequence
from pathlib import Path
from typing import Any

from rag.answer.prompt import Filter, Message, answered, chat, fitting, no_answer
from rag.errors import ModelError
from rag.hub import HUB_ID, announce, first_line, is_cached
from rag.types import Evidence

__all__ = ["LocalWriter"]

KINDS = (
    "NAME is `extract`, a transformers causal model id or local folder, or an http(s):// address that speaks "
    "the OpenAI chat API"
)
THINKING = 1600
"""Tokens that a model which thinks aloud may have for that, beside those of its answer."""
FLOAT32_UP_TO = 4_000_000_000
"""Parameters. On a CPU float32 is the quickest; above this it would take more than 16 GB."""
_TURN_ENDS = ("<|im_end|>", "<|eot_id|>", "<end_of_turn>")


class LocalWriter:
    """Writes with a model of the folder or hub id `name`, on the GPU if there is one. The same prompt gives the
    same answer.

    An id is looked up in the local cache first, without a socket, and fetched only if it is not there and
    `HF_HUB_OFFLINE` is not set, after a line on standard error. `device` is a torch device; without it the best
    one there is. `max_new_tokens` bounds the answer, in the model's tokens.

    Weights are read as safetensors only, and no code of the model's is run. Raises `ModelError` if packages are
    missing, or the model is not known, not here, without chat template, or cannot be loaded.
    """

    def __init__(self, name: str, *, device: str | None = None, max_new_tokens: int = 400) -> None:
        self.name = name
        self.max_new_tokens = max_new_tokens
        self._tokenizer, self._model = _open(name, device)
        self._one_at_a_time = threading.Lock()
        tokens = self._tokenizer.added_tokens_decoder.values()
        self._special = {*self._tokenizer.all_special_tokens, *(str(token) for token in tokens if token.special)}

    def write(self, question: str, evidence: Sequence[Evidence]) -> Iterator[str]:
        """The answer in parts, with markers `[n]`, none of them split between parts.

        What a model thinks aloud is left out, and it is stopped when it repeats itself. When there is no
        evidence, or the model says nothing, the one part is `no_answer(question)`. Evidence that the model's
        context has no room for is left out, the lowest scored first. Closing the iterator stops the model.

        Raises `ModelError` if nothing fits into the context, or the model fails on the way.
        """
        if not evidence:
            yield no_answer(question)
            return
        prompt, new_tokens = self._prepare(question, evidence)
        stream = Filter(self._special, thinking=prompt.rstrip().endswith("<think>"))
        yield from answered(question, self._generate(prompt, new_tokens), stream)

    def _prepare(self, question: str, evidence: Sequence[Evidence]) -> tuple[str, int]:
        """The whole prompt, and how many tokens may follow it."""

        def render(kept: Sequence[Evidence]) -> str:
            return self._render(chat(question, kept, self._special))

        empty = render([])
        thinks = "<think>" in str(self._tokenizer.chat_template) and not empty.rstrip().endswith("</think>")
        room = self._context()
        new_tokens = min(self.max_new_tokens + (THINKING if thinks else 0), room // 4)
        kept = fitting(evidence, lambda some: len(self._encode(render(some))["input_ids"]), room - new_tokens)
        if not kept:
            raise ModelError(
                f"the context of {self.name}, {room} tokens, is too short for the question with any evidence",
                "choose a model with a longer context, or ask in fewer words",
            )
        return render(kept), new_tokens

    def _render(self, messages: list[Message]) -> str:
        rules, asked = (message["content"] for message in messages)
        merged = [{"role": "user", "content": f"{rules}\n\n{asked}"}]
        for tried in (messages, merged):  # some templates know no system role: they raise, or leave it out
            try:
                text = self._tokenizer.apply_chat_template(
                    tried, tokenize=False, add_generation_prompt=True, enable_thinking=False
                )
            except Exception as error:
                if tried is merged:
                    said = f"the chat template of {self.name} fails ({first_line(error)})"
                    raise ModelError(said, "choose another model") from error
                continue
            if rules in text:
                break
        return str(text)

    def _encode(self, text: str, **options: Any) -> Any:
        return self._tokenizer(text, add_special_tokens=False, verbose=False, **options)

    def _context(self) -> int:
        """Tokens that prompt and answer may have together."""
        config = self._model.config.get_text_config()
        said = (getattr(config, "max_position_embeddings", None), self._tokenizer.model_max_length)
        known = [int(length) for length in said if length and 0 < length < 10_000_000]
        return min(known, default=4096)

    def _generate(self, prompt: str, new_tokens: int) -> Generator[str, None, None]:
        """Text as the model makes it, in a thread of its own that ends with this generator."""
        import torch
        from transformers import StoppingCriteria, StoppingCriteriaList, TextIteratorStreamer

        stop = threading.Event()

        class Stopped(StoppingCriteria):  # type: ignore[misc]
            def __call__(self, input_ids: Any, scores: Any, **_: Any) -> Any:
                return torch.full((len(input_ids),), stop.is_set(), dtype=torch.bool, device=input_ids.device)

        streamer = TextIteratorStreamer(self._tokenizer, skip_prompt=True, skip_special_tokens=False)
        failed: list[BaseException] = []

        def run() -> None:
            try:
                while not self._one_at_a_time.acquire(timeout=0.1):
                    if stop.is_set():
                        return
                try:
                    inputs = self._encode(prompt, return_tensors="pt").to(self._model.device)
                    self._model.generate(
                        input_ids=inputs["input_ids"],
                        attention_mask=inputs["attention_mask"],
                        max_new_tokens=new_tokens,
                        streamer=streamer,
                        stopping_criteria=StoppingCriteriaList([Stopped()]),
                    )
                finally:
                    self._one_at_a_time.release()
            except BaseException as error:
                failed.append(error)
            finally:
                streamer.text_queue.put(streamer.stop_signal)

        thread = threading.Thread(target=run, name="rag-writer", daemon=True)
        thread.start()
        try:
            yield from streamer
        finally:
            stop.set()
            thread.join()
        if failed:
            hint = "choose a smaller model, or run it on the CPU" if "memory" in str(failed[0]) else ""
            raise ModelError(f"{self.name} failed while writing ({first_line(failed[0])})", hint) from failed[0]


def _open(name: str, device: str | None) -> tuple[Any, Any]:
    """Tokenizer and model of `name`, ready to generate; from this machine if they are here."""
    folder = Path(name).expanduser()
    if not folder.is_dir() and (name.startswith((".", "~", "/")) or not HUB_ID.fullmatch(name)):
        raise ModelError(f"there is no language model {name!r}", KINDS)
    local = folder.is_dir()
    here = local or is_cached(name)
    if not here:  # said before ten seconds go by on imports
        announce("language model", name)
    try:
        import torch  # noqa: F401
        import transformers  # noqa: F401
    except ImportError as error:
        hint = "pip install 'rag[models]', or use `extract`"
        raise ModelError(f"{name!r} needs the package transformers ({first_line(error)})", hint) from error
    source = str(folder) if local else name
    if here:
        try:
            return _load(source, device, local_files_only=True)
        except ModelError:
            raise
        except Exception as error:
            if local or not isinstance(error, OSError):
                hint = f"it must be a causal language model, whole, with its weights in safetensors; {KINDS}"
                raise ModelError(f"{name} cannot be loaded ({first_line(error)})", hint) from error
        announce("language model", name)  # a part of it is missing
    try:
        return _load(source, device, local_files_only=False)
    except ModelError:
        raise
    except Exception as error:
        raise ModelError(
            f"the language model {name!r} is not here and could not be fetched ({first_line(error)})",
            f"check the name and the connection; {KINDS}",
        ) from error


def _load(source: str, device: str | None, *, local_files_only: bool) -> tuple[Any, Any]:
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer, GenerationConfig

    where: dict[str, Any] = {"local_files_only": local_files_only, "trust_remote_code": False}
    tokenizer = AutoTokenizer.from_pretrained(source, **where)
    if not getattr(tokenizer, "chat_template", None):
        raise ModelError(
            f"{source} has no chat template, so it was not taught to follow instructions",
            f"name its chat or instruct variant; {KINDS}",
        )
    if not device:
        device = "mps" if torch.backends.mps.is_available() else "cpu"
        device = "cuda" if torch.cuda.is_available() else device
    dtype: Any = "auto"
    if device.startswith("cuda"):
        dtype = torch.bfloat16 if torch.cuda.is_bf16_supported() else torch.float16
    model = AutoModelForCausalLM.from_pretrained(source, use_safetensors=True, dtype=dtype, **where)
    if device == "cpu" and not getattr(model, "is_quantized", False):
        model = model.to(torch.float32 if model.num_parameters() <= FLOAT32_UP_TO else torch.bfloat16)
    model = model.to(device)

    ends = {tokenizer.eos_token_id}
    for said in (model.generation_config.eos_token_id, model.config.get_text_config().eos_token_id):
        ends.update(said if isinstance(said, list) else [said])
    vocabulary = tokenizer.get_vocab()
    ends.update(vocabulary.get(token) for token in _TURN_ENDS)
    ends.discard(None)
    padding = tokenizer.pad_token_id if tokenizer.pad_token_id is not None else min(ends, default=0)
    # Nothing of the model's own sampling and penalties is kept: a penalty for repetition hinders quoting.
    model.generation_config = GenerationConfig(do_sample=False, eos_token_id=sorted(ends) or None, pad_token_id=padding)
    return tokenizer, model
