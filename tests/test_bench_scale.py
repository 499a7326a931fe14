"""The measurement of a large index, on a small one."""

import json
import random
from pathlib import Path

import pytest

from rag.measure.finding.scale import main


def test_a_made_index_is_built_opened_asked_and_gone_on_with(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    chance, corpus = random.Random(1), tmp_path / "articles.jsonl"
    words = ["公司", "亏损", "市场", "投资", "用户", "上市", "发布", "技术", "增长", "下降", "计划", "工厂"]

    def sentence() -> str:
        return "".join(chance.choices(words, k=9)) + "。"

    records = [{"title": sentence(), "text": "".join(sentence() for _ in range(9))} for _ in range(40)]
    corpus.write_text("".join(json.dumps(one, ensure_ascii=False) + "\n" for one in records), encoding="utf-8")

    def measured(passages: int) -> dict[str, float]:
        asked = ("scale", str(corpus), str(tmp_path / "index"), "--passages", str(passages), "--questions", "15")
        monkeypatch.setattr("sys.argv", list(asked))
        main()
        return dict(json.loads(capsys.readouterr().out))

    found = measured(80)
    assert found["dense_recall_at_10"] == 1.0 and found["peak_bytes"] > 10**7 and found["cold_cpu_s"] > 0
    assert min(found[f"{part}_cpu_ms"] for part in ("hybrid", "lexical", "dense", "all_compared")) > 0
    assert measured(160)["vectors bytes"] > 1.9 * (found["vectors bytes"] - 200)
