"""What is measured of indexing again."""

import json
from pathlib import Path

from rag.measure.finding.again import measure


def test_what_indexing_again_costs_is_measured(tmp_path: Path) -> None:
    corpus = tmp_path / "news.jsonl"
    lines = (json.dumps({"_id": str(n), "text": f"Article {n}\nThe bridge of town {n} was opened."}) for n in range(8))
    corpus.write_text("\n".join(lines) + "\n", encoding="utf-8")
    (tmp_path / "place").mkdir()
    told = measure(corpus, 6, tmp_path / "place")
    assert (told["passages"], told["files"]) == (8, 6)
    assert (told["unchanged: passages made"], told["one file changed: passages made"]) == (0, 1)
    assert 0 < told["unchanged: share of the first run"] < 2
    assert 0 < told["walk: CPU seconds"] < told["one file changed: CPU seconds beyond the walk"] < 20
