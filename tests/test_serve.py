"""The HTTP door: questions, articles and jobs, by a real server on loopback."""

import json
import os
import socket
import subprocess
import sys
import threading
import time
from asyncio.selector_events import _SelectorSocketTransport  # type: ignore[attr-defined]
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from conftest import ROOT, SEEDS
from fastapi import FastAPI
from fastapi.testclient import TestClient
from serving import Running, running

from rag.cli import app
from rag.errors import RagError
from rag.library import Library, Report
from rag.serve import page
from rag.serve.collection import Collection
from rag.testing import HashedTerms
from rag.wire import answer_record

JASPER = "why did Jasper decline"


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """The seeds under the built-in models, and a second index with stand-ins."""
    library = Library(tmp_path_factory.mktemp("served") / "seeds")
    library.add(SEEDS)
    other = Library(tmp_path_factory.mktemp("served") / "other", embedder=HashedTerms())
    with running(Collection(library), Collection(other)) as server:
        yield server


def test_an_answer_over_http_is_that_of_the_library(served: Running, seeded: Library) -> None:
    answer = served("POST", "/api/ask", {"question": JASPER}).json
    expected = json.loads(json.dumps(answer_record(seeded.ask(JASPER))))
    assert answer.pop("asked") == JASPER
    for record in (answer, expected):
        del record["took_ms"]
    assert answer == expected
    assert answer["citations"]
    for citation in answer["citations"]:
        original = Path(citation["source"]).read_bytes().decode(citation["encoding"])
        assert original[citation["start"] : citation["end"]] == citation["quote"]


def test_a_stream_brings_hits_then_text_then_the_answer(served: Running) -> None:
    reply = served("POST", "/api/ask", {"question": JASPER}, Accept="text/event-stream")
    assert reply.headers["Content-Type"].startswith("text/event-stream")
    blocks = reply.body.decode().strip().split("\n\n")
    events = [dict(line.split(": ", 1) for line in block.split("\n")) for block in blocks]
    names = [event["event"] for event in events]
    assert names[0] == "hits" and names[-1] == "answer" and set(names[1:-1]) == {"text"}
    data = [json.loads(event["data"]) for event in events]
    assert data[0]["hits"] == data[-1]["hits"]
    assert "Jasper" in "".join(one["text"] for one in data[1:-1])
    assert data[-1]["citations"][0]["verified"] is True


def test_an_error_in_a_stream_is_an_event(served: Running) -> None:
    reply = served("POST", "/api/ask", {"question": JASPER, "index": "other"}, Accept="text/event-stream")
    event, data = reply.body.decode().strip().split("\n")
    assert event == "event: error"
    assert json.loads(data.removeprefix("data: "))["error"]["type"] == "not_found"


def test_a_question_may_lean_on_its_history(served: Running) -> None:
    history = [{"question": "what does Jasper do", "answer": "It writes advertisements. [1]"}]
    answer = served("POST", "/api/ask", {"question": "why did it decline", "history": history}).json
    assert (answer["asked"], answer["question"]) == ("why did it decline", JASPER)


def test_filters_choose_among_the_articles(served: Running) -> None:
    hits = served("POST", "/api/search", {"query": "Sora", "k": 20, "source": ["*jasper*", "*founder*"]}).json["hits"]
    assert {Path(hit["source"]).name for hit in hits} == {"jasper-lost-its-lead.txt", "founder-on-sora.txt"}
    dated = served("POST", "/api/search", {"query": "Sora", "since": "2024", "k": 20}).json["hits"]
    assert dated and all(hit["date"] >= "2024" for hit in dated)


def test_the_indexes_and_their_articles_are_listed_and_read(served: Running) -> None:
    listed = served("GET", "/api/indexes").json
    assert listed["default"] == "seeds"
    assert listed["indexes"][0] == {"name": "seeds", "documents": 5, "passages": 34}
    assert served("GET", "/api/status").json["sound"] is True
    page = served("GET", "/api/documents?offset=1&limit=2").json
    assert page["total"] == 5
    assert [Path(one["source"]).name for one in page["documents"]] == [
        "founder-on-sora.txt",
        "jasper-lost-its-lead.txt",
    ]
    one = served("GET", f"/api/documents/{page['documents'][1]['doc_id']}").json
    assert one["original"] == (SEEDS / "jasper-lost-its-lead.txt").read_bytes().decode()
    text, at = [], 0
    for edit in one["edits"]:
        text += [one["original"][at : edit["start"]], edit["new"]]
        at = edit["end"]
    assert "".join([*text, one["original"][at:]]) == one["cleaned"]


@pytest.mark.parametrize("name", ["/etc/passwd", "..%2f..%2fetc%2fpasswd", "%2Fetc%2Fpasswd", "seeds/questions.jsonl"])
def test_no_file_is_read_for_a_client(served: Running, name: str) -> None:
    reply = served("GET", f"/api/documents/{name}")
    assert reply.status == 404
    assert b"root:" not in reply.body


@pytest.mark.parametrize(
    ("path", "body", "status", "kind"),
    [
        ("/api/ask", {"question": " "}, 422, "bad_input"),
        ("/api/ask", {"question": "x", "k": 0}, 422, "bad_input"),
        ("/api/ask", {"question": "x", "colour": "red"}, 422, "bad_input"),
        ("/api/ask", {"question": "x", "index": "none"}, 404, "not_found"),
        ("/api/search", b'{"query": ', 422, "bad_input"),
        ("/api/search", b'{"query": "\\ud800"}', 422, "bad_input"),
        ("/api/search", {"query": "x", "mode": "psychic"}, 422, "bad_input"),
        ("/api/search", {"query": "x", "since": "yesterday"}, 422, "bad_input"),
        ("/api/search", {"query": "x", "index": "other"}, 404, "not_found"),
        ("/api/refresh", {}, 409, "conflict"),
        ("/nowhere", {}, 404, "not_found"),
        ("/health", {}, 405, "not_allowed"),
    ],
)
def test_errors_say_what_is_wrong(served: Running, path: str, body: object, status: int, kind: str) -> None:
    reply = served("POST", path, body)
    assert reply.status == status
    assert set(reply.json) == {"error"} and set(reply.json["error"]) == {"type", "message"}
    assert reply.json["error"]["type"] == kind
    assert reply.json["error"]["message"]


@pytest.mark.parametrize(
    ("path", "body", "said"),
    [
        ("/api/search", {"question": "x"}, "query: Field required"),
        ("/api/search", {"query": " "}, "query: it is empty; ask something"),
        ("/api/search", {"query": "x", "until": "soon"}, "until: write a date as 2024, 2024-03 or 2024-03-04"),
        ("/api/ask", {"question": "x", "history": [{"question": "y"}]}, "history.0.answer: Field required"),
        ("/api/ask", b'{"question": ', "the body is not JSON; what is wrong is at character 13"),
        (
            "/v1/embeddings",
            {"model": "builtin", "input": ["x", ""]},
            "input.1: String should have at least 1 character",
        ),
        ("/nowhere", {}, "there is nothing here; GET /docs lists what there is"),
        ("/v1/responses", {}, "there is nothing here; GET /docs lists what there is"),
        ("/health", {}, "this takes another method; GET /docs lists what there is"),
    ],
)
def test_errors_name_what_is_wrong_and_what_to_do(served: Running, path: str, body: object, said: str) -> None:
    assert served("POST", path, body).json["error"]["message"] == said


def test_json_without_its_content_type_is_asked_for_it(served: Running) -> None:
    """As curl sends it with -d alone, and any web page could."""
    reply = served("POST", "/api/search", b'{"query": "x"}', Content_Type="application/x-www-form-urlencoded")
    assert reply.status == 422 and "Content-Type: application/json" in reply.json["error"]["message"]


def test_until_the_first_articles_are_there_a_client_is_told_to_wait(tmp_path: Path) -> None:
    go = threading.Event()
    served = Collection(Library(tmp_path / "index", embedder=HashedTerms()))
    with running(served) as server:
        job = served.jobs.put("start", lambda *_: Report(added=int(go.wait(20))))
        reply = server("POST", "/api/search", {"query": "hens"})
        assert (reply.status, reply.headers["Retry-After"]) == (503, "1")
        assert reply.json["error"]["type"] == "not_ready"
        assert reply.json["error"]["message"] == "the articles of index are being indexed; try again in a while"
        stream = server("POST", "/api/ask", {"question": "hens"}, Accept="text/event-stream").body.decode()
        assert "event: error" in stream and "not_ready" in stream and "being indexed" in stream
        go.set()
        server.ended(job.id)
        assert server("POST", "/api/search", {"query": "hens"}).status == 404


def test_the_routes_are_described_with_what_they_take(served: Running) -> None:
    page = served("GET", "/docs").body.decode()
    asked = page[page.index("POST /api/ask") : page.index("GET /api/documents")]
    assert "<code>question</code> in the body, string, required" in asked
    assert "<code>mode</code> in the body, hybrid | dense | lexical" in asked
    assert "<code>limit</code> in the query, integer" in page


def test_articles_are_added_changed_and_removed(tmp_path: Path) -> None:
    library = Library(tmp_path / "kept", embedder=HashedTerms(), writer="extract")
    with running(Collection(library)) as server:
        first = server.upload(("../hens.txt", b"Hens lay eggs in the morning."), ("note.txt", b"Trains leave at noon."))
        assert first.status == 202
        report = server.ended(first.json["job"])
        assert (report["state"], report["report"]["added"], report["done"]) == ("done", 2, 2)
        assert sorted(path.name for path in (tmp_path / "kept/uploads").iterdir()) == ["hens.txt", "note.txt"]
        assert not (tmp_path / "kept/hens.txt").exists()
        changed = server.ended(server.upload(("hens.txt", b"Hens lay eggs in the evening.")).json["job"])
        assert (changed["report"]["changed"], changed["report"]["added"]) == (1, 0)
        answer = server("POST", "/api/ask", {"question": "When do hens lay eggs?"}).json
        assert "evening" in answer["answer"]
        doc_id = answer["citations"][0]["doc_id"]
        gone = server.ended(server("DELETE", f"/api/documents/{doc_id}").json["job"])
        assert (gone["state"], gone["report"]["removed"]) == ("done", 1)
        assert server("GET", f"/api/documents/{doc_id}").status == 404
        assert server("DELETE", f"/api/documents/{doc_id}").status == 404
        assert [path.name for path in (tmp_path / "kept/uploads").iterdir()] == ["note.txt"]
        assert server("GET", "/api/documents").json["total"] == 1


def test_an_upload_that_cannot_be_read_is_reported_and_not_kept(tmp_path: Path) -> None:
    with running(Collection(Library(tmp_path / "kept", embedder=HashedTerms()))) as server:
        record = server.ended(
            server.upload(("good.txt", b"Hens lay eggs."), ("bad.txt", bytes(range(256)))).json["job"]
        )
        assert record["report"]["added"] == 1
        assert [Path(one["source"]).name for one in record["report"]["skipped"]] == ["bad.txt"]
        assert [path.name for path in (tmp_path / "kept/uploads").iterdir()] == ["good.txt"]


def test_folders_are_brought_in_step_and_links_out_of_them_are_not_followed(tmp_path: Path) -> None:
    folder, secret = tmp_path / "articles", tmp_path / "secret.txt"
    folder.mkdir()
    (folder / "a.txt").write_text("Hens lay eggs.", encoding="utf-8")
    secret.write_text("The password is swordfish.", encoding="utf-8")
    (folder / "link.txt").symlink_to(secret)
    (folder / "up").symlink_to(tmp_path)
    with running(Collection(Library(tmp_path / "index", embedder=HashedTerms()), [str(folder)])) as server:
        (folder / "b.txt").write_text("Trains leave at noon.", encoding="utf-8")
        record = server.ended(server("POST", "/api/refresh").json["job"])
        assert {Path(one["source"]).name for one in record["report"]["skipped"]} >= {"link.txt"}
        sources = [Path(one["source"]).name for one in server("GET", "/api/documents").json["documents"]]
        assert sources == ["a.txt", "b.txt"]


def test_an_article_that_was_removed_stays_away_until_its_file_changes(tmp_path: Path) -> None:
    folder = tmp_path / "articles"
    folder.mkdir()
    file = folder / "a.txt"
    file.write_text("Hens lay eggs.", encoding="utf-8")
    with running(Collection(Library(tmp_path / "index", embedder=HashedTerms()), [str(folder)])) as server:

        def refreshed() -> int:
            server.ended(server("POST", "/api/refresh").json["job"])
            return int(server("GET", "/api/documents").json["total"])

        assert refreshed() == 1
        doc_id = server("GET", "/api/documents").json["documents"][0]["doc_id"]
        server.ended(server("DELETE", f"/api/documents/{doc_id}").json["job"])
        assert file.exists() and refreshed() == 0
        file.write_text("Hens lay eggs at noon.", encoding="utf-8")
        assert refreshed() == 1


def test_an_answer_is_sent_at_once(served: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    at_once = []
    made = _SelectorSocketTransport.__init__

    def noted(self: Any, *arguments: Any, **more: Any) -> None:
        made(self, *arguments, **more)
        at_once.append(self._sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))

    monkeypatch.setattr(_SelectorSocketTransport, "__init__", noted)
    assert served("GET", "/health").status == 200
    assert at_once and all(at_once)


def test_an_upload_in_another_field_is_told_the_right_one(served: Running) -> None:
    body = b'--edge\r\nContent-Disposition: form-data; name="file"; filename="a.txt"\r\n\r\nHens.\r\n--edge--\r\n'
    for data, kind in ((body, "multipart/form-data; boundary=edge"), (b"{}", "application/json")):
        reply = served("POST", "/api/documents", data, Content_Type=kind)
        assert reply.status == 422 and "part of the name files" in reply.json["error"]["message"]


def test_readers_are_not_blocked_by_indexing(tmp_path: Path) -> None:
    library = Library(tmp_path / "index", embedder=HashedTerms())
    (tmp_path / "a.txt").write_text("Hens lay eggs.", encoding="utf-8")
    library.add(tmp_path / "a.txt")
    more = tmp_path / "more"
    more.mkdir()
    for number in range(40):
        (more / f"{number}.txt").write_text(
            f"Train {number} leaves at noon from platform {number}. " * 5, encoding="utf-8"
        )
    with running(Collection(library, [str(more)])) as server:
        job, seen = server("POST", "/api/refresh").json["job"], 0
        while server("GET", f"/api/jobs/{job}").json["state"] in ("queued", "running"):
            assert server("POST", "/api/search", {"query": "hens"}).json["hits"][0]["text"] == "Hens lay eggs."
            seen += 1
            time.sleep(0.01)
        assert seen > 1
        assert server("GET", "/api/indexes").json["indexes"][0]["documents"] == 41


def test_the_command_serves_until_it_is_told_to_stop(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "rag", "serve", "seeds", "--index", str(tmp_path / "mine"), "--port", "0"]
    environment = {**os.environ, "RAG_TOKEN": "a-token-of-some-length", "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, cwd=ROOT, env=environment) as process:
        assert process.stderr
        lines = map(json.loads, process.stderr)
        server = Running(next(line["url"] for line in lines if line["event"] == "listening").rstrip("/"), [])
        next(line for line in lines if line.get("state") == "done")
        assert server("GET", "/api/indexes").status == 401
        right = {"Authorization": "Bearer a-token-of-some-length"}
        assert server("GET", "/api/indexes", **right).json["indexes"] == [
            {"name": "mine", "documents": 5, "passages": 34}
        ]
        process.terminate()
        assert [line["event"] for line in lines][-1] == "stopped"
    assert process.returncode == 0


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--host", "0.0.0.0"], "there is no token"),
        (["--index", "a/x", "--index", "b/x"], "two indexes are called 'x'"),
        (["-"], "standard input"),
        (["--port", "TAKEN"], "cannot listen"),
        (["--index", "mispelt"], "there is no index at mispelt; make it: rag index"),
        (["a.txt", "--index", "x", "--index", "mispelt"], "there is no index at mispelt"),
    ],
)
def test_a_call_that_cannot_be_served_says_why(
    words: list[str], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        with pytest.raises(RagError, match=said):
            app(["serve", *(port if word == "TAKEN" else word for word in words)], standalone_mode=False)
    assert not list(tmp_path.iterdir())


def test_the_web_page_and_its_files_are_served_and_nothing_beside_them(tmp_path: Path) -> None:
    web = tmp_path / "web"
    web.mkdir()
    (web / "index.html").write_text("<!doctype html><title>rag</title>", encoding="utf-8")
    (web / "page.js").write_text("'use strict'", encoding="utf-8")
    (web / "long.js").write_text("'use strict'\n" * 100, encoding="utf-8")
    (tmp_path / "secret.txt").write_text("swordfish", encoding="utf-8")
    (web / "link.txt").symlink_to(tmp_path / "secret.txt")
    app = FastAPI()
    page.mount(app, web)
    with TestClient(app) as client:
        assert client.get("/").text.startswith("<!doctype html>")
        assert client.get("/web/page.js").headers["content-type"].startswith("text/javascript")
        kept = client.get("/web/page.js").headers
        assert kept["cache-control"] == "no-cache"
        assert client.get("/web/page.js", headers={"If-None-Match": kept["etag"]}).status_code == 304
        assert client.get("/web/long.js", headers={"Accept-Encoding": "gzip"}).headers["content-encoding"] == "gzip"
        for name in ("link.txt", "../secret.txt", "..%2fsecret.txt", "%2e%2e/secret.txt"):
            assert client.get(f"/web/{name}").status_code == 404
