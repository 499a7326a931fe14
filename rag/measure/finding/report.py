"""What a person reads of a bench: a table in plain text, and one HTML page with plots that needs no other file."""

import html
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

__all__ = ["page", "table"]

COLOURS = ("#2b6cb0", "#dd8a2c", "#3f8f5f", "#a04a8c", "#777777", "#b5443c")
ROW = 16
"""Height of a bar in a plot, in pixels, and of its line of text."""

LEFT, WIDTH = 330, 520
QUALITY = ("set", "questions", "system", "nDCG@10", "95 %", "Recall@10", "Recall@100", "MRR@10", "p")
COST = ("set", "system", "warm p50", "p95", "CPU p50", "cold p50", "p95", "memory")
INDEXING = ("set", "embedder", "documents", "passages", "documents/s", "characters/s", "index", "memory")
NOTES = (
    "Measures x 100, with the 95 % confidence interval of nDCG@10 (bootstrap over questions). p: how likely so large a "
    "difference in nDCG@10 to the best system of the set is by chance (paired randomisation test). Milliseconds: warm "
    "is a question's first asking in a process that has answered others, cold is a whole new process. Memory is "
    "the peak of the process."
)


def table(report: Mapping[str, Any]) -> str:
    """Three plain tables: quality, time of a question, indexing."""
    parts = [
        _aligned([QUALITY, *_quality(report)]),
        _aligned([COST, *_cost(report)]),
        _aligned([INDEXING, *_indexing(report)]),
    ]
    return "\n".join(parts) + "\n" + NOTES + "\n"


def _quality(report: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    for one in report["datasets"]:
        best = max(one["systems"], key=lambda system: system["measures"]["nDCG@10"]["mean"])
        for system in one["systems"]:
            measures = system["measures"]
            ndcg = measures["nDCG@10"]
            p = next((f"{pair['p']:.4f}" for pair in one["pairs"] if _of(pair) == {_name(system), _name(best)}), "best")
            yield (
                one["name"],
                str(one["questions"]),
                _name(system),
                f"{100 * ndcg['mean']:.1f}",
                f"{100 * ndcg['low']:.1f}-{100 * ndcg['high']:.1f}",
                *(f"{100 * measures[name]['mean']:.1f}" for name in ("Recall@10", "Recall@100", "MRR@10")),
                p,
            )


def _cost(report: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    for one in report["datasets"]:
        for system in one["systems"]:
            query = system["query"]
            names = ("warm_p50_ms", "warm_p95_ms", "warm_cpu_p50_ms", "cold_p50_ms", "cold_p95_ms")
            times = [f"{query[name]:.1f}" for name in names]
            yield one["name"], _name(system), *times, _bytes(query["peak_memory_bytes"])


def _indexing(report: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    for one in report["datasets"]:
        for made in one["indexing"]:
            yield (
                one["name"],
                made["embedder"],
                str(made["documents"]),
                str(made["passages"]),
                f"{made['documents_per_second']:.0f}",
                f"{made['characters_per_second']:.0f}",
                _bytes(made["index_bytes"]),
                _bytes(made["peak_memory_bytes"]),
            )


def _name(system: Mapping[str, Any]) -> str:
    return f"{system['embedder']} {system['mode']}"


def _of(pair: Mapping[str, Any]) -> set[str]:
    return {" ".join(pair["a"]), " ".join(pair["b"])}


def _bytes(count: int) -> str:
    return f"{count / 2**20:.1f} MiB"


def _aligned(rows: Sequence[Sequence[str]]) -> str:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    return "\n".join([lines[0], "-" * (sum(widths) + 2 * len(widths) - 2), *lines[1:]]) + "\n"


def page(report: Mapping[str, Any]) -> str:
    """One HTML file: plots of quality and time, then the tables."""
    systems = [_name(system) for system in report["datasets"][0]["systems"]]
    quality, warm = [], []
    for one in report["datasets"]:
        for system in one["systems"]:
            label = (one["name"], _name(system))
            ndcg = system["measures"]["nDCG@10"]
            quality.append((*label, *(100 * ndcg[name] for name in ("mean", "low", "high"))))
            query = system["query"]
            warm.append((*label, query["warm_p50_ms"], query["warm_p50_ms"], query["warm_p95_ms"]))
    parts = [
        "<!doctype html><html lang='en'><meta charset='utf-8'><title>rag bench</title><style>"
        "body{font:14px/1.4 system-ui,sans-serif;margin:2em;max-width:72em}table{border-collapse:collapse}"
        "td,th{padding:.15em .7em;text-align:left;border-bottom:1px solid #ddd}h2{margin-top:2em}</style>",
        f"<h1>rag bench</h1><p>rag {html.escape(report['rag'])}. {html.escape(NOTES)}</p>",
        "<h2>nDCG@10, with its 95 % confidence interval</h2>",
        _bars(quality, systems),
        "<h2>Milliseconds for a warm question: half take less than the bar, 95 % less than its line</h2>",
        _bars(warm, systems),
        "<h2>Quality</h2>",
        _html(QUALITY, _quality(report)),
        "<h2>Time of a question, in milliseconds</h2>",
        _html(COST, _cost(report)),
        "<h2>Indexing</h2>",
        _html(INDEXING, _indexing(report)),
        "</html>",
    ]
    return "\n".join(parts) + "\n"


def _html(head: Sequence[str], rows: Iterator[tuple[str, ...]]) -> str:
    def line(cells: Sequence[str], tag: str) -> str:
        return "<tr>" + "".join(f"<{tag}>{html.escape(cell)}</{tag}>" for cell in cells) + "</tr>"

    return "<table>" + line(head, "th") + "\n".join(line(row, "td") for row in rows) + "</table>"


def _bars(rows: Sequence[tuple[str, str, float, float, float]], systems: Sequence[str]) -> str:
    """A horizontal bar for each (set, system, value, low, high), with a line from low to high."""
    scale = WIDTH / (max(high for *_, high in rows) or 1.0)
    drawn, y, before = [], 0, ""
    for name, system, value, low, high in rows:
        y += ROW // 2 if before and before != name else 0
        middle, colour = y + ROW / 2, COLOURS[systems.index(system) % len(COLOURS)]
        label = f"{name} · {system}" if name != before else system
        drawn.append(
            f"<text x='{LEFT - 8}' y='{y + 12}' text-anchor='end'>{html.escape(label)}</text>"
            f"<rect x='{LEFT}' y='{y + 2}' width='{value * scale:.1f}' height='{ROW - 4}' fill='{colour}'/>"
            f"<line x1='{LEFT + low * scale:.1f}' x2='{LEFT + high * scale:.1f}' y1='{middle}' y2='{middle}' "
            f"stroke='black'/><text x='{LEFT + max(value, high) * scale + 6:.1f}' y='{y + 12}'>{value:.1f}</text>"
        )
        y, before = y + ROW, name
    size = f"width='{LEFT + WIDTH + 60}' height='{y}'"
    return f"<svg xmlns='http://www.w3.org/2000/svg' {size} font-size='11'>{''.join(drawn)}</svg>"
