"""The built-in model runs under the installed mteb package, on a retrieval task made here."""

import json
import subprocess
import sys
from importlib.util import find_spec

import numpy as np
import pytest

from rag.embed.builtin import load
from rag.measure.finding.mteb import MtebModel

TASK = """
import json, logging
import mteb
from datasets import Dataset
from mteb.abstasks.retrieval import AbsTaskRetrieval
from mteb.abstasks.task_metadata import TaskMetadata
from rag.measure.finding.mteb import MtebModel

ARTICLES = {"d1": "The baker sells bread and cake.", "d2": "猫在屋顶上睡觉。", "d3": "The bank raised its rate."}
QUESTIONS = {"q1": "who sells cake", "q2": "Where does the cat sleep?"}

class Tiny(AbsTaskRetrieval):
    metadata = TaskMetadata(
        name="Tiny", description="three articles", reference=None, type="Retrieval", category="t2t",
        modalities=["text"], eval_splits=["test"], eval_langs=["eng-Latn"], main_score="ndcg_at_10",
        dataset={"path": "none/none", "revision": "1"}, date=None, domains=None, task_subtypes=None, license=None,
        annotations_creators=None, dialect=None, sample_creation=None, bibtex_citation=None,
    )
    def load_data(self, *args, **kwargs):
        rows = lambda texts: Dataset.from_list([{"id": key, "text": text} for key, text in texts.items()])
        self.dataset = {"default": {"test": {
            "corpus": rows(ARTICLES), "queries": rows(QUESTIONS),
            "relevant_docs": {"q1": {"d1": 1}, "q2": {"d2": 1}}, "top_ranked": None}}}
        self.data_loaded = True

result = mteb.evaluate(MtebModel("builtin"), Tiny(), cache=None, co2_tracker=False, show_progress_bar=False)
scores = result.task_results[0].scores["test"][0]
print(json.dumps({"model": result.model_name, "ndcg": scores["ndcg_at_10"]}))
"""


def test_it_embeds_batches_in_order_and_questions_as_questions() -> None:
    batches = [{"text": ["bread", "猫"]}, {"text": ["the bank"]}]
    model = MtebModel("builtin")
    vectors = model.encode(batches, task_metadata=None, hf_split="test", hf_subset="default", prompt_type="document")
    np.testing.assert_array_equal(vectors, load().embed_passages(["bread", "猫", "the bank"]))
    np.testing.assert_allclose(np.diag(model.similarity(vectors, vectors)), 1, atol=1e-6)
    np.testing.assert_allclose(model.similarity_pairwise(vectors, vectors), 1, atol=1e-6)


def test_mteb_scores_it_on_a_local_task() -> None:
    if find_spec("mteb") is None:
        pytest.skip("mteb is not installed here (it needs Python 3.11): pip install mteb")
    done = subprocess.run(
        [sys.executable, "-c", TASK],
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert json.loads(done.stdout.splitlines()[-1]) == {"model": "rag/builtin", "ndcg": 1.0}
