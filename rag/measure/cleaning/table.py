"""The figures of `rag.measure.cleaning` as tables, the same for a terminal and for a page."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

__all__ = ["Cell", "Row", "Table", "tables"]

NONE = "–"


@dataclass(frozen=True, slots=True)
class Cell:
    """What is printed, and where it is a share of what there is, that share for a bar."""

    text: str
    share: float | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """A line of a table."""

    name: str
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """A title, the names of the columns with that of the rows first, the rows, and what the figures mean."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    note: str


def tables(record: Mapping[str, Any]) -> list[Table]:
    """All tables of one record of `rag.measure.cleaning.measure`."""
    made = [_repair(record), _furniture(record["furniture"]), _encodings(record["encodings"]), _citations(record)]
    return [*made, *_costs(record["cost"])] if record["cost"] else made


def _share(part: int, whole: int) -> Cell:
    return Cell(f"{100 * part / whole:.2f} %", part / whole) if whole else Cell(NONE)


def _changed(score: Mapping[str, int]) -> Cell:
    """Characters out of step for each million that were in order."""
    if not score["untouched"]:
        return Cell(NONE)
    return Cell(f"{1e6 * score['changed'] / score['untouched']:,.0f}")


def _repair(record: Mapping[str, Any]) -> Table:
    about = record["material"]
    rows = []
    for kind, tools in record["repair"].items():
        cells: list[Cell] = [Cell(f"{tools['rag']['corrupted']:,}")]
        for score in (tools["rag"], tools["ftfy"]):
            if score is None:
                cells += [Cell(NONE)] * 3
            else:
                cells += (
                    _share(score["restored"], score["corrupted"]),
                    _changed(score),
                    Cell(f"{score['exact']}/{score['pages']}"),
                )
        rows.append(Row(kind, tuple(cells)))
    return Table(
        "Corrupted characters",
        ("dirt", "corrupted", "rag restored", "changed", "exact", "ftfy restored", "changed", "exact"),
        tuple(rows),
        f"{about['texts']} clean texts, {about['characters']:,} characters. restored: of the corrupted characters; "
        "changed: of a million others; exact: pages that are again as they were.",
    )


def _furniture(record: Mapping[str, Any]) -> Table:
    rows = []
    for form, tools in record.items():
        cells: list[Cell] = []
        for one in (tools["rag"], tools["trafilatura"]):
            if one is None:
                cells += [Cell(NONE)] * 2
            else:
                cells += (_share(one["kept"], one["wanted"]), _share(one["unwanted"] - one["left"], one["unwanted"]))
        rows.append(Row(f"pages as {'HTML' if form == 'html' else form}", tuple(cells)))
    return Table(
        "Page furniture",
        ("form", "rag kept", "rag gone", "trafilatura kept", "trafilatura gone"),
        tuple(rows),
        "kept: lines of the articles that are still there; gone: lines of furniture that are not.",
    )


def _encodings(record: Mapping[str, Any]) -> Table:
    rows = []
    for name, one in record.items():
        other = one["charset-normalizer"]
        cells = (Cell(str(one["texts"])), _share(one["rag"], one["texts"]))
        rows.append(Row(name, (*cells, Cell(NONE) if other is None else _share(other, one["texts"]))))
    return Table(
        "Encodings detected",
        ("encoding", "texts", "rag", "charset-normalizer"),
        tuple(rows),
        "Texts of 200 characters that are read as they were written.",
    )


def _citations(record: Mapping[str, Any]) -> Table:
    one = record["citations"]
    return Table(
        "Citations",
        ("on all dirty pages", "sentences", "share"),
        (
            Row("hold by both rules", (Cell(f"{one['proven']:,}"), _share(one["proven"], one["cited"]))),
            Row("left out, for no citation would hold", (Cell(f"{one['sentences'] - one['cited']:,}"), Cell(""))),
        ),
        "Every sentence of every passage, cited as an answer would cite it.",
    )


def _costs(record: Mapping[str, Any]) -> Sequence[Table]:
    seconds = record["cleaning_s"]
    speed = (
        Row("CPU time beside splitting, embedding and indexing", (Cell(f"{seconds / record['rest_s']:.3f}"),)),
        Row("characters a second", (Cell(f"{record['characters'] / seconds:,.0f}"),)),
    )
    growth = tuple(Row(name, (Cell(f"{times:.1f}"),)) for name, times in record["growth"].items())
    return (
        Table("Cost of cleaning", ("on clean text", ""), speed, f"{record['characters']:,} characters."),
        Table("Growth on hostile text", ("repeated", "times as long"), growth, "10 MB against 1 MB; 10 is linear."),
    )
