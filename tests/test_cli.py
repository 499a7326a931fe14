"""The command line: what it prints, what it exits with, what it loads."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import ROOT, SEEDS

HEAVY = ("torch", "transformers", "sentence_transformers")


def rag(
    *words: str, cwd: Path, env: dict[str, str] | None = None, stdin: str | None = None
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-W", "error", "-m", "rag", *words],
        cwd=cwd,
        input=stdin,
        capture_output=True,
        encoding="utf-8",
        check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT), **(env or {})},
    )


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with an index of the seeds, built by the command line."""
    folder = tmp_path_factory.mktemp("home")
    done = rag("index", str(SEEDS), cwd=folder)
    assert done.returncode == 0, done.stderr
    assert done.stdout == ""
    assert "5 added" in done.stderr and "questions.jsonl" in done.stderr
    return folder


def test_ask_prints_the_answer_and_its_numbered_sources(home: Path) -> None:
    done = rag("ask", "why did Jasper decline", cwd=home)
    assert done.returncode == 0, done.stderr
    assert "[1]" in done.stdout and "jasper-lost-its-lead.txt:" in done.stdout
    assert "2023-08-05" in done.stdout


def test_ask_json_is_one_object_with_the_contracts_fields(home: Path) -> None:
    done = rag("ask", "why did Jasper decline", "--json", cwd=home)
    record = json.loads(done.stdout)
    assert done.stdout.count("\n") == 1 and done.stderr == ""
    assert list(record) == "question answer refused reason writer took_ms citations hits statements short".split()
    assert {statement["status"] for statement in record["statements"]} == {"verified"}
    assert not record["refused"] and record["writer"] == "extract"
    fields = "marker doc_id source title sha256 encoding start end line quote text verified place offsets".split()
    for citation in record["citations"]:
        assert list(citation) == fields
        assert citation["verified"] and f"[{citation['marker']}]" in record["answer"]
        original = Path(citation["source"]).read_bytes().decode(citation["encoding"])
        assert original[citation["start"] : citation["end"]] == citation["quote"]
        assert original.count("\n", 0, citation["start"]) + 1 == citation["line"]


def test_search_json(home: Path) -> None:
    record = json.loads(rag("search", "商汤的亏损", "--json", "-k", "3", cwd=home).stdout)
    assert list(record) == ["query", "index", "mode", "took_ms", "hits"]
    assert [hit["rank"] for hit in record["hits"]] == [1, 2, 3]
    fields = (
        "rank score doc_id passage_id source title date start end line text found_by place offsets also why".split()
    )
    assert list(record["hits"][0]) == fields
    assert record["hits"][0]["source"].endswith("vision-company-losses.txt")
    assert set(record["hits"][0]["found_by"]) <= {"dense", "lexical", "across", "words"}
    scores = [hit["score"] for hit in record["hits"]]
    assert scores == sorted(scores, reverse=True)


def test_a_refusal_is_done(home: Path) -> None:
    done = rag("ask", "how do I bake sourdough bread", "--json", cwd=home)
    record = json.loads(done.stdout)
    assert done.returncode == 0
    assert record["refused"] and record["citations"] == [] and record["answer"] == "" and record["reason"].endswith(".")


def test_show_and_status(home: Path) -> None:
    file = str(SEEDS / "jasper-lost-its-lead.txt")
    citation = json.loads(rag("ask", "why did Jasper decline", "--json", cwd=home).stdout)["citations"][0]
    lit = rag("show", f"{citation['source']}:{citation['start']}-{citation['end']}", cwd=home)
    assert citation["quote"] in lit.stdout
    assert "pinyin note" in rag("show", file, "--changes", cwd=home).stdout
    assert "(dāng)" not in rag("show", file, "--cleaned", cwd=home).stdout
    record = json.loads(rag("show", file, "--json", cwd=home).stdout)["documents"][0]
    original = (SEEDS / "jasper-lost-its-lead.txt").read_bytes().decode()
    for edit in reversed(record["edits"]):
        original = original[: edit["start"]] + edit["new"] + original[edit["end"] :]
    assert original == record["text"], "the edits replay"
    assert record["author"] == "" and record["provenance"]["title"]["where"] == "first line"
    span = record["provenance"]["date"]["span"]
    original = (SEEDS / "jasper-lost-its-lead.txt").read_bytes().decode()
    assert original[span["start"] : span["end"]] == "2023-08-05 09:26:41"
    plain = rag("show", file, cwd=home).stdout
    assert "  date  2023-08-05T09:26:41  (line 5)" in plain and f"({record['provenance']['title']['where']})" in plain
    status = json.loads(rag("status", "--json", cwd=home).stdout)
    assert (status["documents"], status["embedder"], status["sound"]) == (5, "builtin", True)


def test_source_builds_an_index_on_the_way_and_uses_it_again(tmp_path: Path) -> None:
    first = rag("search", "Sora", "--source", str(SEEDS), cwd=tmp_path)
    assert first.returncode == 0 and "5 added" in first.stderr
    second = rag("search", "Sora", "--source", str(SEEDS), cwd=tmp_path)
    assert "nothing to do, 5 unchanged" in second.stderr and second.stdout == first.stdout
    assert len(list((tmp_path / "indexes").iterdir())) == 1


def test_standard_input_is_an_article(tmp_path: Path) -> None:
    done = rag(
        "ask", "what colour is the zebra", "--source", "-", cwd=tmp_path, stdin="The zebra in our garden is green.\n"
    )
    assert done.returncode == 0, done.stderr
    assert "green" in done.stdout


@pytest.mark.parametrize(
    ("words", "status", "says"),
    [
        (["index", "nowhere.txt"], 1, "nowhere.txt: no such file"),
        (["index", "empty"], 1, "no articles in empty"),
        (["ask", "  "], 2, "the question is empty"),
        (["ask", "x", "-k", "0"], 2, "k = 0 is out of range"),
        (["ask", "x", "-k", "9999"], 2, "out of range"),
        (["search", "x", "--index", "none"], 1, "no index at none"),
        (["search", "x", "--mode", "hybird"], 2, "unknown mode"),
        (["search", "x", "--since", "yesterday"], 2, "is not a date"),
        (["search", "x", "--embedder", "no/such-model"], 1, "no/such-model"),
        (["search", "x", "--index", "broken"], 1, "cannot read the index"),
        (["show", "nowhere.txt"], 1, "no such file"),
        (["frobnicate"], 2, "No such command"),
        (["ask"], 2, "Missing argument"),
    ],
)
def test_errors_name_the_trouble_and_the_exit_status(home: Path, words: list[str], status: int, says: str) -> None:
    (home / "empty").mkdir(exist_ok=True)
    (home / "broken").mkdir(exist_ok=True)
    (home / "broken" / "rag.sqlite").write_bytes(b"no database " * 100)
    done = rag(*words, cwd=home, env={"HF_HUB_OFFLINE": "1"})
    assert (done.returncode, done.stdout) == (status, "")
    assert says in done.stderr and "Traceback" not in done.stderr


@pytest.mark.skipif(os.name != "posix", reason="where pipes are closed in this way")
@pytest.mark.parametrize("words", [["--version"], ["search", "Jasper", "--json", "-k", "20"]])
def test_who_stops_reading_is_no_failure_of_the_work(home: Path, words: list[str]) -> None:
    """The first is so short that it is written at the end; of the second a part is written before."""
    reading, writing = os.pipe()
    os.close(reading)
    command, environment = [sys.executable, "-m", "rag", *words], os.environ | {"PYTHONPATH": str(ROOT)}
    with os.fdopen(writing) as closed:
        done = subprocess.run(command, cwd=home, env=environment, stdout=closed, stderr=subprocess.PIPE, check=False)
    assert (done.returncode, done.stderr) == (141, b"")


def test_the_version_is_that_of_the_package(home: Path) -> None:
    declared = re.search(r'^version = "(.+)"', (ROOT / "pyproject.toml").read_text(encoding="utf-8"), re.MULTILINE)
    assert declared and rag("--version", cwd=home).stdout == f"rag {declared[1]}\n"


def test_an_unknown_setting_names_the_nearest(home: Path) -> None:
    done = rag("status", cwd=home, env={"RAG_EMBEDER": "builtin"})
    assert done.returncode == 2 and "did you mean 'embedder'" in done.stderr


@pytest.mark.parametrize(
    "words",
    [["--help"], ["search", "Sora"], ["ask", "why did Jasper decline"], ["index", str(SEEDS)], ["status"]]
    + [["show", str(SEEDS / "sora-and-startups.txt")]],
)
def test_no_command_loads_torch_unless_such_a_model_was_asked_for(home: Path, words: list[str]) -> None:
    code = (
        "import sys; sys.argv = ['rag', *sys.argv[1:]]\n"
        "from rag.cli import main\n"
        "try: main()\n"
        "except SystemExit as done: assert not done.code, done.code\n"
        f"sys.stderr.write('LOADED ' + ' '.join(m for m in {HEAVY!r} if m in sys.modules) + '.')"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *words],
        cwd=home,
        capture_output=True,
        encoding="utf-8",
        check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert done.returncode == 0 and done.stderr.endswith("LOADED ."), done.stderr


def test_answering_opens_no_socket(home: Path) -> None:
    code = (
        "import socket\n"
        "def refuse(*a, **k): raise AssertionError('a socket was opened')\n"
        "socket.socket = socket.create_connection = socket.getaddrinfo = refuse\n"
        "from rag.cli import main\n"
        "import sys; sys.argv = ['rag', 'ask', 'why did Jasper decline', '--json']\n"
        "main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=home, capture_output=True, encoding="utf-8", check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert done.returncode == 0 and json.loads(done.stdout)["citations"], done.stderr


def test_stretches_and_folders_that_make_no_sense(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("河水很冷。", encoding="utf-8")
    for stretch, status in (("4-2", 2), ("0-9", 2), ("0-0", 0)):
        done = rag("show", f"a.txt:{stretch}", cwd=tmp_path)
        assert (done.returncode, "Traceback" in done.stderr) == (status, False)
    done = rag("clean", "a.txt", "--out", "a.txt", cwd=tmp_path)
    assert done.returncode == 2 and "is a file; name a folder after --out" in done.stderr
