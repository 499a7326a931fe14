"""Tables as one page that needs nothing else: bars in plain CSS, no scripts."""

from collections.abc import Iterable
from html import escape

from rag.measure.cleaning.table import Cell, Table

__all__ = ["report"]

_STYLE = """
:root { color-scheme: light dark; --bar: #2f7d6d; --rest: #8884; --dim: #777; }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 64rem; margin: 2rem auto; padding: 0 1rem; }
h2 { font-size: 1.1rem; margin: 2.5rem 0 .5rem; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { text-align: right; padding: .25rem .6rem; border-bottom: 1px solid var(--rest); white-space: nowrap; }
th:first-child, td:first-child { text-align: left; white-space: normal; }
th { color: var(--dim); font-weight: normal; }
p { color: var(--dim); margin: .4rem 0; }
.bar { display: inline-block; width: 6rem; height: .6rem; margin-right: .5rem; background: var(--rest); }
.bar i { display: block; height: 100%; background: var(--bar); }
"""


def report(tables: Iterable[Table], title: str = "How well dirty pages are cleaned") -> str:
    """A whole HTML page; a cell that is a share has a bar."""
    parts = []
    for table in tables:
        head = "".join(f"<th>{escape(name)}</th>" for name in table.columns)
        rows = "\n".join(f"<tr><td>{escape(row.name)}</td>{''.join(map(_cell, row.cells))}</tr>" for row in table.rows)
        parts.append(
            f"<h2>{escape(table.title)}</h2>\n<table>\n<tr>{head}</tr>\n{rows}\n</table>\n<p>{escape(table.note)}</p>"
        )
    return (
        f'<!DOCTYPE html>\n<html lang="en">\n<head><meta charset="utf-8"><title>{escape(title)}</title>\n'
        f"<style>{_STYLE}</style></head>\n<body>\n<h1>{escape(title)}</h1>\n"
        + "\n".join(parts)
        + "\n</body>\n</html>\n"
    )


def _cell(cell: Cell) -> str:
    if cell.share is None:
        return f"<td>{escape(cell.text)}</td>"
    return f'<td><span class="bar"><i style="width: {100 * cell.share:.1f}%"></i></span>{escape(cell.text)}</td>'
