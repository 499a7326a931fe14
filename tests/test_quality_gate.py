"""Finding is as good as it was: figures on pinned data against pinned floors.

Small sets only, one question in several. All sets: python -m rag.measure.finding.floors ../shared/data/eval/beir
tests/floors/retrieval.json
"""

import json

import pytest
from conftest import ROOT

from rag.measure.finding.collection import read
from rag.measure.finding.floors import measure, sunk

SETS = ROOT.parent / "shared" / "data" / "eval" / "beir"
FLOORS = json.loads((ROOT / "tests" / "floors" / "retrieval.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", [name for name, pinned in FLOORS.items() if pinned["quick"]])
def test_no_set_sinks_below_its_floor(name: str) -> None:
    if not (SETS / name).is_dir():
        pytest.skip(f"the evaluation data are not here: {SETS / name}")
    collection = read(SETS / name)
    assert collection.sha256 == FLOORS[name]["sha256"], "the data are not those that the floors were measured on"
    assert sunk(FLOORS[name]["floors"], measure(collection)) == []
