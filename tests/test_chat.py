"""Conversations: the Python side, and `rag chat` through a pipe and in a terminal."""

import json
import os
import select
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from conftest import ROOT
from typer.testing import CliRunner

from rag.cli import app
from rag.errors import BadInput, NotFound
from rag.library import Library
from rag.testing import HashedTerms
from rag.types import Evidence

LUMO = (
    "Lumo\nLumo lost users because larger firms entered its market.\n"
    "Lumo was founded in Oslo in 2014.\nLumo had 40,000 users in 2021.\n"
)
BRIGHT = "Brightfold\nBrightfold lost users because its servers burned.\n"


class Interrupted:
    """A writer at whose first answer the person presses Ctrl-C; it quotes afterwards."""

    name = "interrupted"

    def __init__(self) -> None:
        self.calls = 0

    def write(self, question: str, evidence: Sequence[Evidence]) -> Iterator[str]:
        """The first piece of evidence."""
        self.calls += 1
        if self.calls == 1:
            raise KeyboardInterrupt
        yield f"{evidence[0].text} [{evidence[0].number}]"


@pytest.fixture
def articles(tmp_path: Path) -> Path:
    folder = tmp_path / "articles"
    folder.mkdir()
    (folder / "lumo.txt").write_text(LUMO, encoding="utf-8")
    (folder / "bright.txt").write_text(BRIGHT, encoding="utf-8")
    return folder


@pytest.fixture
def talk(library: Library, articles: Path) -> Library:
    library.add(articles)
    return library


def test_a_later_question_leans_on_the_first(talk: Library) -> None:
    chat = talk.chat()
    first = chat.ask("Why did Lumo lose users?")
    assert (first.asked, first.question) == ("Why did Lumo lose users?", "Why did Lumo lose users?")
    assert "larger firms" in first.answer
    second = chat.ask("When was it founded?")
    assert (second.asked, second.question) == ("When was it founded?", "When was Lumo founded?")
    assert "2014" in second.answer and second.citations[0].verified
    assert chat.whole("and Brightfold?") == "When was Brightfold founded?"
    assert chat.turns == [first, second] and chat.last is second
    chat.clear()
    assert chat.whole("When was it founded?") == "When was it founded?" and chat.turns == []
    with pytest.raises(NotFound, match="nothing was asked yet"):
        _ = chat.last


def test_a_follow_up_of_a_follow_up_leans_on_the_whole_question(talk: Library) -> None:
    chat = talk.chat()
    for question in ("Why did Lumo lose users?", "and Brightfold?", "那它后来怎么样了？"):
        answer = chat.ask(question)
    assert [one.question for one in chat.turns][1:] == ["Why did Brightfold lose users?", "Brightfold后来怎么样了？"]
    assert answer.asked == "那它后来怎么样了？"


def test_a_citation_opens_its_original(talk: Library) -> None:
    chat = talk.chat()
    answer = chat.ask("Why did Lumo lose users?")
    document, page, span = chat.original(1)
    assert span.of(document.text) == answer.citations[0].quote
    assert document.text == page.raw == LUMO
    with pytest.raises(NotFound, match="no citation 9"):
        chat.original(9)


def test_an_interrupted_question_is_no_turn(talk: Library) -> None:
    with Library(talk.path, embedder=HashedTerms(), writer=Interrupted()) as library:
        chat = library.chat()
        with pytest.raises(KeyboardInterrupt):
            chat.ask("Why did Lumo lose users?")
        assert chat.turns == []
        assert chat.ask("Why did Lumo lose users?").citations


def test_a_library_without_an_index_says_so_before_the_first_question(tmp_path: Path) -> None:
    with Library(tmp_path / "none", embedder=HashedTerms()) as library, pytest.raises(NotFound, match="no index"):
        library.chat()


def test_the_transcript_quotes_word_for_word_and_shows_markup_as_text(library: Library, tmp_path: Path) -> None:
    hostile = "Lumo lost users because [a](http://x.example/p.png) <b>firms</b> of ``` entered."
    (tmp_path / "a.txt").write_text(f"Lumo\n{hostile}\n", encoding="utf-8")
    library.add(tmp_path / "a.txt")
    chat = library.chat()
    chat.ask("Why did Lumo\nlose users?")
    chat.ask("why?")
    text = chat.transcript()
    assert "## Why did Lumo lose users?\n" in text
    assert "*Asked as: Why did Lumo" in text
    cited = chat.turns[0].citations[0]
    assert f"````text\n{cited.quote}\n````" in text and f"a.txt:{cited.start}-{cited.end}, line 2" in text
    said = text.replace(cited.quote, "")
    assert "[a]" not in said and "<b>" not in said and "\\[a\\](http" in said and "[1]" in said


def test_a_transcript_is_not_written_over_a_file_unsaid(talk: Library, tmp_path: Path) -> None:
    chat = talk.chat()
    chat.ask("Why did Lumo lose users?")
    file = tmp_path / "talk.md"
    file.write_text("mine", encoding="utf-8")
    with pytest.raises(BadInput, match="is there already; /save! "):
        chat.save(file)
    assert file.read_text(encoding="utf-8") == "mine"
    chat.save(file, overwrite=True)
    assert file.read_text(encoding="utf-8") == chat.transcript()
    with pytest.raises(BadInput, match="cannot write"):
        chat.save(tmp_path / "no" / "folder.md")


def rag_chat(folder: Path, typed: str, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-W", "error", "-m", "rag", "chat", "--source", "articles", *words],
        cwd=folder,
        input=typed,
        capture_output=True,
        encoding="utf-8",
        check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )


def test_chat_through_a_pipe(articles: Path, tmp_path: Path) -> None:
    typed = (
        "Why did Lumo lose users?\n\nWhen was it founded?\n/sources\n/open 1\n/open x\n/dance\n/help\n"
        "/save talk.md\n/clear\n/sources\n/quit\nWhy did Brightfold lose users?\n"
    )
    done = rag_chat(tmp_path, typed, "--quiet")
    assert done.returncode == 0, done.stderr
    out = done.stdout
    assert "larger firms entered its market. [1]" in out and "-> When was Lumo founded?" in out and "2014" in out
    assert out.count("    Lumo was founded in Oslo in 2014.") == 1, "the quote, by /sources alone"
    assert "market.\n>>>Lumo was founded in Oslo in 2014.<<<\n" in out, "/open"
    assert "/save! FILE" in out and "servers burned" not in out, "nothing after /quit is asked"
    assert done.stderr.splitlines() == [
        "rag: the last answer has no citation 0; /sources lists those it has",
        "rag: /dance is no command; /help lists them",
        "talk.md is written",
        "rag: nothing was asked yet; ask something",
    ]
    assert "## When was it founded?" in (tmp_path / "talk.md").read_text(encoding="utf-8")


def test_chat_json_is_one_object_a_line(articles: Path, tmp_path: Path) -> None:
    done = rag_chat(tmp_path, "Why did Lumo lose users?\n那它后来怎么样了？\n/sources\n/open 9\n/open 1\n", "--json")
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    first, second, sources, wrong, opened = map(json.loads, done.stdout.splitlines())
    assert first["asked"] == first["question"] == "Why did Lumo lose users?" and first["citations"]
    assert (second["asked"], second["question"]) == ("那它后来怎么样了？", "Lumo后来怎么样了？")
    assert sources["citations"] == second["citations"]
    assert wrong["asked"] == "/open 9" and "no citation 9" in wrong["error"]
    assert "error" in opened or LUMO[opened["start"] : opened["end"]] == second["citations"][0]["quote"]


def test_standard_input_cannot_be_articles_and_questions(tmp_path: Path) -> None:
    done = rag_chat(tmp_path, "Why?\n", "--source", "-")
    assert done.returncode == 2 and "standard input holds the questions" in done.stderr
    done = rag_chat(tmp_path, "Why?\n", "--index", "nowhere")
    assert done.returncode == 1 and "Traceback" not in done.stderr


def test_ctrl_c_stops_an_answer_and_not_the_chat(talk: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    writer = Interrupted()
    monkeypatch.setattr("rag.answer.writer_named", lambda name: writer)
    monkeypatch.setattr("rag.embed.load", lambda name: HashedTerms())
    done = CliRunner().invoke(
        app, ["chat", "--index", str(talk.path)], input="Why did Lumo lose users?\nwhy?\nWhy did Lumo lose users?\n"
    )
    assert done.exit_code == 0, done.output
    assert done.stderr.count("stopped") == 1 and writer.calls >= 2
    assert "larger firms entered its market. [1]" in done.stdout


_HEEDING = (
    "import runpy, signal; signal.signal(signal.SIGINT, signal.default_int_handler); "
    "runpy.run_module('rag', run_name='__main__')"
)
"""What is started in the background is deaf to Ctrl-C, and so is what it starts."""


class Terminal:
    """`rag chat` in a pseudo-terminal."""

    def __init__(self, folder: Path, *words: str, term: str = "dumb") -> None:
        self.ours, theirs = os.openpty()
        self.process = subprocess.Popen(
            [sys.executable, "-c", _HEEDING, "chat", "--source", "articles", *words],
            cwd=folder,
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            env={**os.environ, "PYTHONPATH": str(ROOT), "TERM": term},
        )
        os.close(theirs)
        self.shown = ""

    def __enter__(self) -> "Terminal":
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.wait()
        os.close(self.ours)

    def until(self, text: str, times: int = 1) -> None:
        """Wait until it has shown this so often."""
        end = time.monotonic() + 120
        while self.shown.count(text) < times:
            assert select.select([self.ours], [], [], max(0.0, end - time.monotonic()))[0], self.shown
            self.shown += os.read(self.ours, 4096).decode("utf-8", errors="replace")

    def prompted(self, times: int) -> None:
        """Wait for this prompt, and until it is waited at, a moment later."""
        self.until("> ", times)
        time.sleep(1)

    def type(self, text: str) -> None:
        """Press keys."""
        os.write(self.ours, text.encode())

    def interrupt(self) -> None:
        """Press Ctrl-C."""
        self.process.send_signal(signal.SIGINT)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no pseudo-terminals")
def test_in_a_terminal_ctrl_c_clears_the_line_and_ctrl_d_leaves(articles: Path, tmp_path: Path) -> None:
    with Terminal(tmp_path) as chat:
        chat.prompted(1)
        chat.interrupt()
        chat.until("> ", 2)
        chat.type("Why did Lumo lose users?\n")
        chat.until("larger firms entered")
        chat.prompted(3)
        chat.type("\x04")
        assert chat.process.wait(60) == 0


class Slow(BaseHTTPRequestHandler):
    """A chat server that quotes its first evidence, and stops in the middle of it until `go` is set."""

    go = threading.Event()

    def log_message(self, *_: object) -> None:
        """Nothing."""

    def do_POST(self) -> None:
        """Stream a completion."""
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["messages"][-1]["content"]
        quoted = next(line for line in asked.split("\n") if line.startswith("[1] "))[4:]
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.end_headers()
        for part in (quoted[:20], quoted[20:] + " [1]"):
            delta = {"choices": [{"delta": {"content": part}}]}
            try:
                self.wfile.write(f"data: {json.dumps(delta)}\n\n".encode())
                self.wfile.flush()
            except OSError:  # the person pressed Ctrl-C
                return
            self.go.wait(60)
        self.wfile.write(b"data: [DONE]\n\n")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no pseudo-terminals")
def test_what_a_model_writes_is_seen_at_once_and_ctrl_c_stops_it(articles: Path, tmp_path: Path) -> None:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Slow)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    Slow.go.clear()
    try:
        with Terminal(tmp_path, "--writer", f"http://127.0.0.1:{server.server_port}/v1#slow", term="xterm") as chat:
            chat.prompted(1)
            chat.type("Why did Lumo lose users?\n")
            chat.until("Lumo lost users beca")
            assert "larger firms" not in chat.shown, "the server has not sent it"
            chat.interrupt()
            chat.until("rag: stopped")
            chat.prompted(2)
            Slow.go.set()
            chat.type("Why did Lumo lose users?\n")
            chat.until("line 2")
            assert "larger firms entered its market. " in chat.shown and "lumo.txt:5-61" in chat.shown
            chat.prompted(3)
            chat.type("\x04")
            assert chat.process.wait(60) == 0
    finally:
        Slow.go.set()
        server.shutdown()
        server.server_close()
