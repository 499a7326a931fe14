"""The bench of answers: questions with known answers, asked of the whole collection and of their own passage."""

import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

import rag
from rag.errors import BadInput
from rag.library import Library
from rag.measure.answering.asking import Outcome, ask_all, ask_each_passage, corpus
from rag.measure.answering.dataset import Dataset, Question, read, sample, translated
from rag.measure.answering.scores import auroc, trade_off
from rag.protocols import Progress

__all__ = ["measure", "summary"]


def measure(
    files: Sequence[str | Path],
    *,
    questions: str | Path | None = None,
    outside: str | Path | None = None,
    count: int | None = None,
    seed: int = 0,
    passage: bool = True,
    out: str | Path | None = None,
    on_progress: Progress | None = None,
    **settings: Any,
) -> dict[str, Any]:
    """The record of `rag bench answers`: for each file how its questions are answered or refused.

    All passages of a file are one collection. `questions`: a file whose wording of the same questions is asked instead,
    in another language. `outside`: a file whose questions are also asked, of which the collection says nothing.
    `count`, `seed`: how many questions of each file, drawn how; all without a count. `passage`: whether each question
    is also asked of its own passage alone. `out`: where indexes stay; a temporary folder without it.
    `settings` are those of `Library`. Raises NotFound or BadInput before any work where a file cannot be used.
    """
    datasets = [read(file) for file in files]
    if twice := {one.name for one in datasets if [other.name for other in datasets].count(one.name) > 1}:
        raise BadInput(f"several data sets are called {', '.join(twice)}", "rename a file: results go by its name")
    strange = read(outside) if outside else None
    if questions:
        other = read(questions)
        datasets = [translated(one, other) for one in datasets]
    with _folder(out) as folder, tempfile.TemporaryDirectory() as scratch:
        sets = []
        for number, one in enumerate(datasets):
            asked = sample(one.questions, count, seed)
            place = folder / one.name.replace(" ", "-")
            place.mkdir(parents=True, exist_ok=True)
            with Library(place / "index", **settings) as library:
                library.add(corpus(one.passages, place / "corpus.jsonl"), on_progress=on_progress)
                title = f"{one.name}: "
                whole = list(_told(ask_all(library, asked, one.passages), len(asked), title + "corpus", on_progress))
                alone = ask_each_passage(library, asked, one.passages, Path(scratch) / str(number)) if passage else ()
                given = list(_told(alone, len(asked), title + "passage", on_progress))
                far = _outside(library, one, strange, count, seed)
                record = {"name": one.name, "passages": len(one.passages), "writer": library.writer_name}
            sets.append(record | {"corpus": summary(whole), "passage": summary(given)} | _far(whole, far))
    return {"rag": rag.__version__, "count": count, "seed": seed, "datasets": sets}


def summary(outcomes: Sequence[Outcome]) -> dict[str, Any] | None:
    """Means over the questions; shares are 0 to 1, and None where there is nothing to take a share of.

    Evidence and short answers are of the answerable questions, refused ones among them counting as misses; citations
    are of the answers given. A refusal of an unanswerable question is right: precision and recall of refusal say so.
    """
    if not outcomes:
        return None
    answerable = [one for one in outcomes if one.answerable]
    answered = [one for one in outcomes if not one.refused]
    unanswerable = [one for one in outcomes if not one.answerable]
    refused = [one for one in outcomes if one.refused]
    times = [one.took_ms for one in outcomes]
    return {
        "questions": len(outcomes),
        "answerable": len(answerable),
        "found": _mean(one.found for one in answerable),
        "first_sentence": _mean(one.first for one in answerable),
        "hit@1": _mean(one.cited == 1 for one in answerable),
        "hit@3": _mean(1 <= one.cited <= 3 for one in answerable),
        "exact": _mean(one.exact for one in answerable),
        "f1": _mean(one.f1 for one in answerable),
        "statements": _mean(one.statements for one in answered),
        "citations": sum(one.citations for one in outcomes),
        "verified": _ratio(sum(one.proven for one in outcomes), sum(one.citations for one in outcomes)),
        "citation_precision": _mean(one.precision for one in answered),
        "citation_recall": _mean(one.recall for one in answered),
        "refused_answerable": _mean(one.refused for one in answerable),
        "refusal_precision": _ratio(sum(not one.answerable for one in refused), len(refused)) if unanswerable else None,
        "refusal_recall": _mean(one.refused for one in unanswerable),
        "refusal_auroc": auroc([one.confidence for one in answerable], [one.confidence for one in unanswerable]),
        "trade_off": trade_off([one.confidence for one in answerable], [one.confidence for one in unanswerable]),
        "p50_ms": float(np.percentile(times, 50)),
        "p95_ms": float(np.percentile(times, 95)),
    }


def _outside(
    library: Library, dataset: Dataset, strange: Dataset | None, count: int | None, seed: int
) -> list[Outcome]:
    """Questions of another data set, none of whose passages is in this one."""
    if not strange:
        return []
    own = [Question(one.qid, one.text, one.passage, ()) for one in strange.questions]
    away = tuple(one for one in own if one.passage not in dataset.passages)
    return list(ask_all(library, sample(away, count, seed), dataset.passages))


def _far(whole: Sequence[Outcome], far: Sequence[Outcome]) -> dict[str, Any]:
    if not far:
        return {"outside": None}
    inside = [one.confidence for one in whole if one.answerable]
    return {
        "outside": {
            "questions": len(far),
            "refused": _mean(one.refused for one in far),
            "auroc": auroc(inside, [one.confidence for one in far]),
            "trade_off": trade_off(inside, [one.confidence for one in far]),
        }
    }


@contextmanager
def _folder(out: str | Path | None) -> Iterator[Path]:
    if out is not None:
        yield Path(out)
        return
    with tempfile.TemporaryDirectory() as made:
        yield Path(made)


def _told(outcomes: Iterable[Outcome], total: int, what: str, on_progress: Progress | None) -> Iterator[Outcome]:
    for done, one in enumerate(outcomes, 1):
        if on_progress:
            on_progress(done, total, what)
        yield one


def _mean(values: Iterable[float]) -> float | None:
    found = list(values)
    return sum(found) / len(found) if found else None


def _ratio(part: int, whole: int) -> float | None:
    return part / whole if whole else None
