"""Who gets in, with what, and what is seen of it from outside."""

import io
import json
import logging
import sqlite3
import threading
import time
import zipfile
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from serving import Running, running

from rag.errors import BadInput
from rag.library import Library
from rag.serve import uploads
from rag.serve.collection import Collection
from rag.serve.errors import Refused
from rag.serve.guard import REST, TRIES, Guard
from rag.serve.options import Options
from rag.serve.places import Places
from rag.serve.uploads import keep, safe_name
from rag.testing import HashedTerms
from rag.types import Evidence

TOKEN = "a-token-of-some-length"
SECRET = "The hens of Farnham lay at night."


class Slow:
    """A writer that is in no hurry."""

    name = "slow"

    def __init__(self) -> None:
        self.go = threading.Event()
        self.stopped = threading.Event()

    def write(self, question: str, evidence: Sequence[Evidence]) -> Iterator[str]:
        try:
            for _ in range(200):
                yield "Hens. "
                if self.go.wait(0.05):
                    return
        finally:
            self.stopped.set()


def collection(folder: Path, writer: Slow | None = None) -> Collection:
    library = Library(folder / "index", embedder=HashedTerms(), writer=writer)
    (folder / "a.txt").write_text(SECRET, encoding="utf-8")
    library.add(folder / "a.txt")
    return Collection(library)


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    options = Options(
        token=TOKEN, origins=("https://friend.example",), hosts=("rag.example",), body=10_000, body_time=1
    )
    with running(collection(tmp_path_factory.mktemp("guarded")), options=options) as server:
        yield server


@pytest.mark.parametrize("path", ["/api/status", "/api/documents", "/v1/models", "/metrics"])
@pytest.mark.parametrize(
    "header", [None, "", "Bearer", "Bearer wrong", f"Basic {TOKEN}", f"Bearer {TOKEN}x", f"Bearer {TOKEN[:-1]}", TOKEN]
)
def test_without_the_token_nobody_gets_in(guarded: Running, path: str, header: str | None) -> None:
    reply = guarded("GET", path, **({} if header is None else {"Authorization": header}))
    assert reply.status == 401
    assert reply.headers["WWW-Authenticate"] == "Bearer"
    assert TOKEN.encode() not in reply.body


def test_a_token_cannot_be_guessed_for_long(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    now = [1000.0]
    monkeypatch.setattr("rag.serve.guard.time.monotonic", lambda: now[0])
    right = {"Authorization": f"Bearer {TOKEN}"}

    def seen(headers: dict[str, str], client: str = "192.0.2.1") -> int:
        scope = {"type": "http", "method": "GET", "path": "/api/status", "query_string": b"", "client": (client, 1)}
        fields = {"host": "localhost", **headers}
        try:
            guard._check({**scope, "headers": [(k.lower().encode(), v.encode()) for k, v in fields.items()]})
        except Refused as refused:
            return refused.status_code
        return 200

    async def nothing(*_: object) -> None: ...

    guard = Guard(nothing, Options(token=TOKEN))
    wrong = {"Authorization": "Bearer wrong"}
    assert {seen(wrong) for _ in range(TRIES - 1)} == {401}
    assert seen(right) == 200  # whoever knows it begins anew
    assert {seen({}) for _ in range(2 * TRIES)} == {401}  # the page without a token guesses nothing
    assert {seen(wrong) for _ in range(TRIES)} == {401}
    assert seen(wrong) == seen(right) == 429
    assert seen(right, "192.0.2.2") == 200
    now[0] += REST
    assert seen(wrong) == 401 and seen(wrong) == 429
    now[0] += REST
    assert seen(right) == 200
    six = ["2001:db8::1", "2001:db8::2:1", "2001:db8::3"]
    assert {seen(wrong, six[n % 3]) for n in range(TRIES)} == {401}
    assert seen(wrong, "2001:db8::4") == 429 and seen(wrong, "2001:db8:0:1::1") == 401


def test_with_the_token_one_gets_in(guarded: Running) -> None:
    assert guarded("GET", "/api/status", Authorization=f"Bearer {TOKEN}").status == 200
    assert guarded("GET", "/health").status == 200
    assert guarded("GET", "/").status == 200


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("127.0.0.1:8000", 200),
        ("localhost", 200),
        ("[::1]:8000", 200),
        ("192.168.1.7", 200),
        ("rag.example", 200),
        ("evil.example", 403),
        ("127.0.0.1.evil.example", 403),
        ("localhost:80@evil.example", 403),
        ("", 403),
    ],
)
def test_the_name_that_is_spoken_to_must_be_known(guarded: Running, host: str, status: int) -> None:
    assert guarded("GET", "/health", Host=host).status == status


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"Origin": "https://friend.example"}, 200),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "https://friend.example.evil.example"}, 403),
        ({"Sec_Fetch_Site": "cross-site"}, 403),
        ({"Sec_Fetch_Site": "same-origin"}, 200),
    ],
)
def test_pages_of_other_sites_change_nothing(guarded: Running, headers: dict[str, str], status: int) -> None:
    reply = guarded("POST", "/api/search", {"query": "hens"}, Authorization=f"Bearer {TOKEN}", **headers)
    assert reply.status == status


def test_the_servers_own_page_may_ask(guarded: Running) -> None:
    reply = guarded("POST", "/api/search", {"query": "hens"}, Authorization=f"Bearer {TOKEN}", Origin=guarded.url)
    assert reply.status == 200


def test_cors_is_for_configured_sites_only(guarded: Running, tmp_path: Path) -> None:
    asked = {"Access_Control_Request_Method": "POST", "Access_Control_Request_Headers": "authorization"}
    friend = guarded("OPTIONS", "/api/ask", Origin="https://friend.example", **asked)
    assert (friend.status, friend.headers["Access-Control-Allow-Origin"]) == (200, "https://friend.example")
    evil = guarded("OPTIONS", "/api/ask", Origin="https://evil.example", **asked)
    assert evil.headers["Access-Control-Allow-Origin"] is None
    with running(collection(tmp_path)) as server:
        reply = server("OPTIONS", "/api/ask", Origin="https://friend.example", **asked)
        assert reply.headers["Access-Control-Allow-Origin"] is None


@pytest.mark.parametrize("path", ["/", "/docs", "/api/status", "/nowhere", "/v1/models"])
def test_every_answer_has_safe_headers(guarded: Running, path: str) -> None:
    headers = guarded("GET", path).headers
    policy = headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'") and "unsafe" not in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Server"] is None


def test_a_body_that_is_too_large_is_not_read(guarded: Running) -> None:
    head = f"POST /api/search HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {TOKEN}\r\n".encode()
    reply = guarded.raw(head + b"Content-Length: 99999999999\r\n\r\n{")
    assert (reply.status, reply.headers["Connection"]) == (413, "close")
    chunks = (
        b"Transfer-Encoding: chunked\r\nContent-Type: application/json\r\n\r\n" + b"3000\r\n" + b" " * 0x3000 + b"\r\n"
    )
    assert guarded.raw(head + chunks).status == 413


def test_a_body_that_is_too_slow_is_not_waited_for(guarded: Running) -> None:
    head = f"POST /api/search HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {TOKEN}\r\n"
    body = "Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{"
    assert guarded.raw((head + body).encode()).status == 408


@pytest.mark.parametrize(
    "request_",
    [
        b"GET /health HTTP/1.1\r\n\r\n",
        b"GET /health HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n\r\n",
        b"POST /api/search HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n{}",
        b"POST /api/search HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n{}",
        b"GET /health HTTP/1.1\r\nHost: localhost\r\nX: a\0b\r\n\r\n",
        b"GET /health HTTP/1.1\r\nHost: localhost\r\nX: " + b"a" * 20_000 + b"\r\n\r\n",
        b"GET /health?" + b"a" * 20_000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"GET /../../etc/passwd HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"GET /web/..%2f..%2f..%2fpyproject.toml HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"GET /%00 HTTP/1.1\r\nHost: localhost\r\n\r\n",
    ],
)
def test_strange_requests_get_nothing(guarded: Running, request_: bytes) -> None:
    reply = guarded.raw(request_)
    assert reply.status in (0, 400, 401, 403, 404, 413, 431)
    assert b"root:" not in reply.body and b"hatchling" not in reply.body
    assert guarded("GET", "/health").status == 200


def test_too_many_at_once_are_told_to_come_again(tmp_path: Path) -> None:
    writer = Slow()
    served = collection(tmp_path, writer)
    with running(served, options=Options(running=1, waiting=2, each=3)) as server:
        replies: list[int] = []

        def ask() -> None:
            replies.append(server("POST", "/api/ask", {"question": "When do the hens of Farnham lay?"}).status)

        threads = [threading.Thread(target=ask) for _ in range(3)]
        for thread in threads:
            thread.start()
        time.sleep(0.5)
        reply = server("POST", "/api/search", {"query": "hens"})
        assert (reply.status, reply.headers["Retry-After"]) == (429, "1")
        assert server("GET", "/health").status == 200
        writer.go.set()
        for thread in threads:
            thread.join()
        assert replies == [200, 200, 200]
        assert server("POST", "/api/search", {"query": "hens"}).status == 200


def test_the_index_is_opened_no_more_often_than_there_are_readers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    served, made = collection(tmp_path), []
    connect = sqlite3.connect
    monkeypatch.setattr("rag.index.database.sqlite3.connect", lambda *a, **b: made.append(a) or connect(*a, **b))
    with running(served, options=Options(running=4)) as server, ThreadPoolExecutor(16) as clients:
        bodies = [("/api/search", {"query": "hens"}), ("/api/ask", {"question": "When do the hens of Farnham lay?"})]
        replies = clients.map(lambda number: server("POST", *bodies[number % 2]).status, range(400))
        assert set(replies) == {200}
    assert 1 < len(made) <= 4, "the built-in writer computes in the threads that search"


def test_what_takes_too_long_is_given_up(tmp_path: Path) -> None:
    writer = Slow()
    with running(collection(tmp_path, writer), options=Options(time=0.3)) as server:
        reply = server("POST", "/api/ask", {"question": "When do the hens of Farnham lay?"})
        assert (reply.status, reply.json["error"]["type"]) == (504, "timeout")
        writer.go.set()


def test_a_model_stops_when_nobody_listens_any_more(tmp_path: Path) -> None:
    writer = Slow()
    body = json.dumps({"question": "When do the hens of Farnham lay?"}).encode()
    head = (
        "POST /api/ask HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    with running(collection(tmp_path, writer)) as server:
        with server.connected() as connection:
            connection.sendall(head.encode() + body)
            said = b""
            while b"event: text" not in said:
                said += connection.recv(65536)
        assert writer.stopped.wait(5)


@pytest.fixture
def in_a_folder_with_a_space(tmp_path: Path) -> Iterator[tuple[Path, Running]]:
    """An index and a served folder in it; the index is named with a detour, and nothing else is read of it yet."""
    folder = tmp_path / "Jo Doe"
    (folder / "articles").mkdir(parents=True)
    (folder / "articles/a.txt").write_text(SECRET, encoding="utf-8")
    library = Library(folder / "articles/../index", embedder=HashedTerms())
    library.add(folder / "articles")
    with running(Collection(library, [str(folder / "articles")])) as server:
        yield folder, server


def missing(folder: Path, _: Running) -> None:
    for file in (folder / "index").glob("*.*"):
        if file.is_file():
            file.unlink()


def damaged(folder: Path, server: Running) -> None:
    server.collections[0]._first.close()
    for library in server.collections[0]._free:
        library.index.truth.database.close()
    (folder / "index/rag.sqlite-wal").unlink(missing_ok=True)
    (folder / "index/rag.sqlite").write_bytes(b"no database " * 1000)


def of_another_model(folder: Path, server: Running) -> None:
    for library in server.collections[0]._free:
        library.__dict__["embedder"] = HashedTerms(64)


@pytest.mark.parametrize(
    ("spoilt", "said"),
    [(missing, "no index at index"), (damaged, "the index index/rag.sqlite"), (of_another_model, "delete index and")],
)
def test_errors_do_not_say_where_an_index_is(
    in_a_folder_with_a_space: tuple[Path, Running], spoilt: Callable[[Path, Running], None], said: str
) -> None:
    folder, server = in_a_folder_with_a_space
    server.ended(server.collections[0].refresh().id)
    spoilt(folder, server)
    if spoilt is missing:
        server.collections[0]._free.clear()
    chat = {"model": "rag", "messages": [{"role": "user", "content": "hens"}]}
    replies = [
        server("POST", "/api/search", {"query": "hens"}),
        server("POST", "/api/ask", {"question": "hens"}),
        server("POST", "/api/ask", {"question": "hens"}, Accept="text/event-stream"),
        server("POST", "/v1/chat/completions", chat),
        server("POST", "/v1/chat/completions", chat | {"stream": True}),
        server("GET", "/api/indexes"),
        server("GET", "/api/documents"),
    ]
    if spoilt is of_another_model:
        del replies[-2:]  # for these it does not matter
    for reply in replies:
        assert said in reply.body.decode() and "Jo Doe" not in reply.body.decode()


def test_a_job_that_fails_does_not_say_where_an_index_or_a_folder_is(
    in_a_folder_with_a_space: tuple[Path, Running],
) -> None:
    folder, server = in_a_folder_with_a_space
    server.ended(server.collections[0].refresh().id)
    with Library(folder / "index", embedder=HashedTerms()) as other, other.index.writing():
        locked = server.ended(server("POST", "/api/refresh").json["job"])["error"]["message"]
    assert locked.endswith("is writing the index index; wait until it has finished")
    with Library(folder / "index", embedder=HashedTerms()) as other:
        other.add(folder / "articles")
    (folder / "articles/a.txt").unlink()
    with Library(folder / "index", embedder=HashedTerms()) as other:
        other.add(folder / "articles")
    (folder / "articles").rmdir()
    gone = server.ended(server("POST", "/api/refresh").json["job"])["error"]["message"]
    assert "articles" in gone and "Jo Doe" not in gone


def test_a_folder_that_is_served_by_dots_or_as_the_root_changes_no_other_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "notes").mkdir()
    monkeypatch.chdir(tmp_path / "notes")
    served = Collection(Library(tmp_path / "index", embedder=HashedTerms()), ["."])
    own = served._places
    served.close()
    for places in (own, Places({"/": ""}), Places({".": "notes", "..": "other"})):
        for text in ("See ./notes, then go on ...", "see /docs or ../a. Then x / y"):
            assert places.without(text) == text
    assert own.without(f"cannot read {tmp_path}/notes/a.txt") == "cannot read notes/a.txt"
    assert own.without(f"无法读取{tmp_path}/notes/a.txt") == "无法读取notes/a.txt"


def test_neither_a_name_that_is_wrong_nor_the_status_says_where_an_index_is(
    in_a_folder_with_a_space: tuple[Path, Running],
) -> None:
    _, server = in_a_folder_with_a_space
    for path in ("/api/documents/no-such", "/api/documents?index=other", "/api/jobs/no-such", "/v1/models/other"):
        reply = server("GET", path)
        assert reply.status == 404 and "Jo Doe" not in reply.body.decode()
    assert server("GET", "/api/status").json["index"] == "index"


def test_nothing_of_articles_or_questions_is_logged(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "rag.serve")
    options = Options(token=TOKEN)
    with running(collection(tmp_path), options=options) as server:
        right = {"Authorization": f"Bearer {TOKEN}"}
        doc_id = server("GET", "/api/documents", **right).json["documents"][0]["doc_id"]
        server("POST", "/api/ask", {"question": "When do hens lay in Farnham?"}, **right)
        server("GET", f"/api/documents/{doc_id}?index=index", **right)
        server("GET", "/private-path?with=query", **right)
        figures = server("GET", "/metrics", **right).body.decode()
    lines = [json.loads(line) for line in caplog.messages]
    assert {line["route"] for line in lines if line["event"] == "request"} == {
        "/api/documents",
        "/api/ask",
        "/api/documents/{doc_id:path}",
        "other",
        "/metrics",
    }
    assert 'rag_requests_total{method="POST",route="/api/ask",status="200"} 1.0' in figures
    for said in (caplog.text, figures):
        for secret in ("Farnham", "hens", TOKEN, doc_id, "private", "a.txt"):
            assert secret not in said


def test_a_fault_of_the_server_is_answered_without_its_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fails(*_: object, **__: object) -> None:
        raise ZeroDivisionError(SECRET)

    monkeypatch.setattr(Library, "search", fails)
    served = Collection(Library(tmp_path / "index", embedder=HashedTerms()))
    with running(served) as server:
        reply = server("POST", "/api/search", {"query": "hens"})
        assert (reply.status, reply.json["error"]["type"]) == (500, "internal")
        assert reply.headers["X-Content-Type-Options"] == "nosniff"
        assert SECRET not in reply.body.decode() + caplog.text
        assert server("GET", "/health").status == 200


def test_the_network_needs_a_token() -> None:
    for host in ("0.0.0.0", "::", "192.168.1.7", "rag.example"):
        with pytest.raises(BadInput, match="no token"):
            Options(host)
        assert replace(Options(), host=host, token=TOKEN).host == host
        assert Options(host, open_to_all=True).open_to_all
    assert Options("::1").host == "::1"
    with pytest.raises(BadInput, match=r"has 3 characters.* 16 at least"):
        Options(token="abc")
    for odd in ("钥匙" * 10, "two words and then some", "a-token-of-some\nlength"):
        with pytest.raises(BadInput, match="no header can carry"):
            Options(token=odd)


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("新闻.txt", "新闻.txt"),
        ("../../x.html", "x.html"),
        ("C:\\Users\\me\\x.TXT", "x.txt"),
        (".hidden.md", "hidden.md"),
        ("a\0b\n.txt", "a_b.txt"),
        ("<script>.html", "script.html"),
        ("nul.txt", "article nul.txt"),
        (".txt", "article.txt"),
        ("长" * 300 + ".pdf", "长" * 50 + ".pdf"),
    ],
)
def test_names_of_uploads_are_made_harmless(given: str, kept: str) -> None:
    assert safe_name(given) == kept


@pytest.mark.parametrize("name", ["a.exe", "a", "", "a.txt/", "a.jsonl.gz", "a.svg", ".."])
def test_other_kinds_of_files_are_not_taken(name: str) -> None:
    with pytest.raises(Refused) as refused:
        safe_name(name)
    assert refused.value.status_code == 415


def test_archives_that_unpack_to_too_much_are_not_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploads, "UNPACKED", 1 << 20)
    monkeypatch.setattr(uploads, "PARTS", 50)
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("word/document.xml", "w") as part:
        part.write(b" " * ((1 << 20) + 1))
    assert len(bomb.getvalue()) < 2000
    many = io.BytesIO()
    with zipfile.ZipFile(many, "w") as archive:
        for number in range(51):
            archive.writestr(str(number), "")
    for name, file, status in (("a.docx", bomb, 413), ("a.epub", many, 413), ("a.docx", io.BytesIO(b"PK\3\4"), 415)):
        with pytest.raises(Refused) as refused:
            keep(file, name, tmp_path)
        assert refused.value.status_code == status
    with pytest.raises(Refused):
        keep(io.BytesIO(b"MZ"), "a.pdf", tmp_path)
    assert not list(tmp_path.iterdir())


def test_an_upload_does_not_write_through_a_link(tmp_path: Path) -> None:
    target = tmp_path / "target.txt"
    target.write_text("mine", encoding="utf-8")
    folder = tmp_path / "uploads"
    folder.mkdir()
    (folder / "a.txt").symlink_to(target)
    keep(io.BytesIO(b"yours"), "a.txt", folder)
    assert target.read_text(encoding="utf-8") == "mine"
    assert (folder / "a.txt").read_bytes() == b"yours" and not (folder / "a.txt").is_symlink()
