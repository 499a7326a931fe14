"""The figures of `rag.measure.answering` as tables, the same for a terminal and for a page."""

from collections.abc import Iterator, Mapping
from typing import Any

from rag.measure.answering.scores import ALLOWED
from rag.measure.cleaning.table import NONE, Cell, Row, Table

__all__ = ["tables"]


def tables(record: Mapping[str, Any]) -> list[Table]:
    """All tables of one record of `rag.measure.answering.measure`."""
    sets = record["datasets"]
    return [
        Table(
            "Answers from the whole collection",
            ("set", "answerable", "found", "hit@1", "hit@3", "EM", "F1", "statements", "p50 ms", "p95 ms"),
            tuple(Row(one["name"], tuple(_answers(one["corpus"]))) for one in sets),
            "found: a passage found holds a gold answer; hit@k: one of the first k citations does. A refusal counts as "
            "a miss. EM and F1 of the short answer, or of the first "
            "statement where there is none, by CMRC 2018 for Chinese answers and by SQuAD for others.",
        ),
        Table(
            "Citations",
            ("set", "citations", "verified", "ALCE precision", "ALCE recall"),
            tuple(Row(one["name"], tuple(_citations(one["corpus"]))) for one in sets),
            "verified: both rules hold against the passage. ALCE (Gao et al. 2023): entailed is what stands in the "
            "cited text word for word, after folding.",
        ),
        Table(
            "First sentence, with the gold passage given",
            ("set", "answerable", "holds the answer"),
            tuple(
                Row(one["name"], (Cell(f"{given['answerable']:,}"), _share(given["first_sentence"])))
                for one in sets
                if (given := one["passage"])
            ),
            "The sentence that the evidence scorer puts first, before anything is refused.",
        ),
        Table(
            "Refusal",
            ("set", "unanswerable", "refused", "precision", "AUROC", "answerable refused"),
            tuple(row for one in sets for row in _refusals(one)),
            "corpus: asked of the whole collection, where another passage may answer; passage: of the given one alone; "
            "outside: questions of which the collection says nothing. AUROC of the number by which is refused.",
        ),
        Table(
            "Trade-off of refusal",
            ("set", *(f"{100 * allowed:.0f} %" for allowed in ALLOWED)),
            tuple(row for one in sets for row in _trade_offs(one)),
            "Share of the unanswerable that is refused at the threshold which refuses so many of the answerable.",
        ),
    ]


def _answers(own: Mapping[str, Any]) -> Iterator[Cell]:
    yield Cell(f"{own['answerable']:,}")
    yield from (_share(own[name]) for name in ("found", "hit@1", "hit@3", "exact", "f1"))
    yield Cell(NONE if own["statements"] is None else f"{own['statements']:.2f}")
    yield from (Cell(f"{own[name]:.1f}") for name in ("p50_ms", "p95_ms"))


def _citations(own: Mapping[str, Any]) -> Iterator[Cell]:
    yield Cell(f"{own['citations']:,}")
    yield from (_share(own[name]) for name in ("verified", "citation_precision", "citation_recall"))


def _refusals(one: Mapping[str, Any]) -> Iterator[Row]:
    for where in ("corpus", "passage"):
        if own := one[where]:
            shares = ("refusal_recall", "refusal_precision", "refusal_auroc", "refused_answerable")
            unanswerable = Cell(f"{own['questions'] - own['answerable']:,}")
            yield Row(f"{one['name']}, {where}", (unanswerable, *(_share(own[name]) for name in shares)))
    if far := one["outside"]:
        shown = (Cell(f"{far['questions']:,}"), _share(far["refused"]), Cell(NONE), _share(far["auroc"]))
        yield Row(f"{one['name']}, outside", (*shown, _share(one["corpus"]["refused_answerable"])))


def _trade_offs(one: Mapping[str, Any]) -> Iterator[Row]:
    for where in ("corpus", "passage", "outside"):
        if (own := one[where]) and (shares := own["trade_off"]):
            yield Row(f"{one['name']}, {where}", tuple(map(_share, shares.values())))


def _share(value: float | None) -> Cell:
    return Cell(NONE) if value is None else Cell(f"{100 * value:.1f} %", value)
