"""The figures of `rag.measure.serving` as tables."""

from collections.abc import Mapping
from typing import Any

from rag.measure.cleaning.table import NONE, Cell, Row, Table

__all__ = ["tables"]


def tables(record: Mapping[str, Any]) -> list[Table]:
    """All tables of one record."""
    if attacked := record.get("hostile"):
        return [_hostile(attacked)]
    return [_load(record["load"], record["in_process"]), *([_cost(record["cost"])] if record["cost"] else [])]


def _load(own: Mapping[str, Any], inside: Mapping[str, Any] | None) -> Table:
    memory = own["memory_mb"]
    most = max([memory["before"], memory["after"], *(megabytes for _, megabytes in memory["over_time"])])
    names = ("requests", "errors", "p50_ms", "p95_ms", "p99_ms")
    ways = {"HTTP": own} | ({"in process": inside} if inside else {})

    def row(name: str, waits: Mapping[str, Any]) -> Row:
        return Row(name, tuple(Cell(NONE if waits[one] is None else f"{waits[one]:,}") for one in names))

    told = [
        f"{way}: {one['requests_per_second']} requests a second, {one['cpu_ms_per_request']} ms of CPU for each."
        for way, one in ways.items()
    ]
    return Table(
        f"{own['clients']} clients for {own['seconds']:g} s",
        ("", "requests", "errors", "p50 ms", "p95 ms", "p99 ms"),
        tuple(row(f"{kind}, {way}", one[kind]) for kind in ("search", "ask") for way, one in ways.items()),
        f"{' '.join(told)} Memory of the server {memory['before']} MB before, {memory['after']} MB after, {most} MB at "
        "most.",
    )


def _cost(own: Mapping[str, Any]) -> Table:
    row = Row("search", tuple(Cell(f"{own[name]:.2f}") for name in ("http_ms", "library_ms", "door_ms")))
    return Table(
        "CPU of one search",
        ("", "through HTTP, ms", "in process, ms", "the door, ms"),
        (row,),
        f"The same {own['searches']} searches one after the other.",
    )


def _hostile(own: Mapping[str, Any]) -> Table:
    def row(name: str, statuses: Mapping[str, int]) -> Row:
        said = ", ".join(f"{status}: {number}" for status, number in sorted(statuses.items()))
        return Row(name.replace("_", " "), (Cell(said),))

    memory = own["memory_mb"]
    return Table(
        f"{own['requests']:,} hostile requests",
        ("", "answered with"),
        tuple(row(name, statuses) for name, statuses in own["statuses"].items()),
        f"{len(own['got_in'])} got in, {len(own['failures'])} made it fail, {own['silent']} were not answered in time; "
        f"memory {memory['before']} MB before, {memory['after']} MB after. 0 is a connection closed without a word.",
    )
