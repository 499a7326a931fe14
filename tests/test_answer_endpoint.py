"""The writer behind an address: against `transformers serve` with a tiny model, and against servers that fail."""

import json
import os
import shutil
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import tiny
from test_answer_local import FACTS, evidence, rendered

from rag.answer import writer_named
from rag.answer.endpoint import EndpointWriter
from rag.answer.prompt import NO_ANSWER
from rag.errors import ModelError
from rag.library import Library
from rag.protocols import Writer
from rag.testing import HashedTerms

OFFERED = evidence("Prices rose in May.", "Cats sleep.")
QUESTION = "Why did users leave?"


@pytest.fixture(autouse=True)
def plain_environment(monkeypatch):
    for name in ("RAG_API_KEY", "OPENAI_API_KEY"):
        monkeypatch.delenv(name, raising=False)


# --- a real server


def free_port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """The address of `transformers serve` with a tiny model that learned to quote, and its folder."""
    for package in ("fastapi", "uvicorn", "openai"):
        pytest.importorskip(package, reason="transformers serve needs transformers[serving]")
    program = Path(sys.executable).with_name("transformers")
    if not program.exists():
        program = Path(shutil.which("transformers") or "/nonexistent")
    if not program.exists():
        pytest.skip("the command transformers is not installed")
    here = tmp_path_factory.mktemp("served")
    pairs = [(rendered(question, answer, other), f"{answer} [1]") for question, answer, other in FACTS]
    folder = tiny.causal_model(here / "tiny", pairs, steps=300)
    port = free_port()
    with (here / "log").open("w") as log:
        process = subprocess.Popen(
            [str(program), "serve", str(folder), "--device", "cpu", "--host", "127.0.0.1", "--port", str(port)],
            env={**os.environ, "HF_HUB_OFFLINE": "1", "HF_HOME": str(here / "home")},
            stdout=log,
            stderr=log,
        )
    try:
        for _ in range(600):
            try:
                urllib.request.build_opener(urllib.request.ProxyHandler({})).open(
                    f"http://127.0.0.1:{port}/health", timeout=5
                ).close()
                break
            except OSError:
                if process.poll() is not None:
                    raise AssertionError((here / "log").read_text()) from None
                time.sleep(0.2)
        else:
            pytest.fail((here / "log").read_text())
        yield f"http://127.0.0.1:{port}/v1#{folder}"
    finally:
        process.terminate()
        process.wait()


@pytest.mark.parametrize(("question", "answer", "other"), FACTS)
def test_a_real_server_streams_a_quotation_with_its_marker(served, question, answer, other):
    writer = writer_named(served)
    assert isinstance(writer, Writer) and writer.name == served
    parts = list(writer.write(question, evidence(answer, other)))
    assert "".join(parts) == f"{answer} [1]"
    assert len(parts) >= 2


def test_a_real_server_refuses_a_model_that_it_does_not_have(served):
    address = f"{served.partition('#')[0]}#someone/absent"
    with pytest.raises(ModelError, match=f"{address.partition('#')[0]}/chat/completions answered"):
        list(EndpointWriter(address, tries=1).write(QUESTION, OFFERED))


# --- servers that fail, each script entry once


def event(content, **more):
    return b"data: " + json.dumps({"choices": [{"delta": {"content": content}, **more}]}).encode() + b"\n\n"


GOOD = [b": keep-alive\n\n", event("Prices ro"), event("se in May. [", index=0), event("1]"), b"data: [DONE]\n\n"]


class Server(ThreadingHTTPServer):
    """Says GOOD; `script` holds what to do first, once each: a status with JSON, or the parts of a stream."""

    daemon_threads = True

    def __init__(self):
        self.seen, self.script, self.held = [], [], threading.Event()
        super().__init__(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self.server_address[1]}"

    def handle_error(self, request, client_address):
        pass  # a client that gave up


class Handler(BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def do_GET(self):
        self.server.seen.append((self.path, None))
        self.whole(200, {"data": [{"id": "listed"}]})

    def whole(self, status, content):
        payload = content if isinstance(content, bytes) else json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(payload)))
        self.end_headers()
        self.wfile.write(payload)

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.seen.append((self.path, body))
        turn = self.server.script.pop(0) if self.server.script else GOOD
        if isinstance(turn, tuple):
            self.whole(*turn)
            return
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream; charset=utf-8")
        self.end_headers()
        for part in turn:
            if part == "hang":
                self.server.held.wait(20)
                return
            self.wfile.write(part)
            self.wfile.flush()


@pytest.fixture
def server():
    server = Server()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.held.set()
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def ask(server):
    """What the writer makes of the script, as one text."""

    def run(*script, offered=OFFERED, **options):
        server.script = list(script)
        writer = EndpointWriter(f"{server.address}#m", **{"wait": 0, **options})
        return "".join(writer.write(QUESTION, offered))

    return run


def test_what_is_sent_and_what_is_shown(server, ask):
    assert ask() == "Prices rose in May. [1]"
    ((path, body),) = server.seen
    assert path == "/v1/chat/completions"
    assert (body["model"], body["stream"], body["temperature"]) == ("m", True, 0)
    assert [turn["role"] for turn in body["messages"]] == ["system", "user"]
    assert "[2] Cats sleep." in body["messages"][1]["content"]


def test_nothing_is_asked_before_it_must_be(server):
    writer = EndpointWriter(server.address)
    assert "".join(writer.write(QUESTION, [])) == NO_ANSWER["en"] and server.seen == []
    assert "".join(writer.write(QUESTION, OFFERED)) == "Prices rose in May. [1]"
    assert server.seen[0][0] == "/v1/models" and server.seen[1][1]["model"] == "listed"


@pytest.mark.parametrize(
    "failures",
    [[(500, {}), (500, {})], [(429, {}), (503, {})], [[]], [[b": still alive\n\n"]], [[b'data: {"choices": []}\n\n']]],
    ids=["500 twice", "busy", "nothing at all", "only a comment", "only a count"],
)
def test_a_failure_before_the_first_text_is_tried_again(server, ask, failures):
    assert ask(*failures) == "Prices rose in May. [1]"
    assert len(server.seen) == len(failures) + 1


def test_a_server_that_stays_broken_is_given_up(server, ask):
    with pytest.raises(ModelError, match=r"answered 500 .*: out of memory; look into the server's log"):
        ask(*[(500, {"error": {"message": "out of memory"}})] * 9)
    assert len(server.seen) == 4


@pytest.mark.parametrize(
    ("turn", "message"),
    [
        ([event("Prices "), "hang"], "sent nothing for 0.3 s in the middle of its answer"),
        (["hang"], "did not answer within 0.3 s"),
        ([event("Prices ")], "broke off in the middle of its answer"),
        ([event("Prices "), b"data: {oops\n\n"], "sent what is not JSON: '{oops'"),
        ([b"data: [1, 2]\n\n"], "did not answer with a chat completion"),
        ([b'data: {"error": {"message": "overloaded"}}\n\n'], "failed while writing: overloaded"),
        ((200, b"<html>welcome</html>"), "did not answer in JSON"),
        ((200, {"models": []}), "did not answer with a chat completion"),
        ((404, {"error": "no model m"}), r"answered 404 .*: no model m; check the address and the model's name"),
        ((401, {}), "put the server's key into the environment variable RAG_API_KEY"),
    ],
)
def test_a_failure_that_ends_it_is_said(server, ask, turn, message):
    with pytest.raises(ModelError, match=message) as caught:
        ask(turn, timeout=0.3)
    assert server.address in str(caught.value)
    assert len(server.seen) == 1


def test_a_server_that_does_not_stream_or_has_nothing_to_say(ask):
    assert ask((200, {"choices": [{"message": {"content": "Prices rose. [1]"}}]})) == "Prices rose. [1]"
    assert ask((200, {"choices": [{"message": {"content": None}}]})) == NO_ANSWER["en"]
    assert ask([event("", finish_reason="stop")]) == NO_ANSWER["en"]
    assert ask([event("<think>Hm. [1]</think>"), event("Prices rose. [1]", finish_reason="stop")]) == "Prices rose. [1]"


def test_a_server_that_does_not_end(server, ask):
    assert len(ask([event(f"word{at} ") for at in range(9000)])) < 25_000
    with pytest.raises(ModelError, match="did not come to an end"):
        ask([b": keep-alive\n\n"] * 3, longest=-1.0)
    assert ask([event("again and again, ")] * 90 + ["hang"]).count("again and") < 6


@pytest.mark.parametrize(
    ("said", "changed"),
    [
        ("Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead.", {"max_completion_tokens": 2000}),
        ("Unsupported value: 'temperature' does not support 0", {"max_tokens": 2000}),
        ("This model's maximum context length is 2048 tokens", {"max_tokens": 1024}),
    ],
)
def test_a_request_that_is_refused_is_changed(server, ask, said, changed):
    assert ask((400, {"error": {"message": said}})) == "Prices rose in May. [1]"
    options = server.seen[1][1].keys() & {"max_tokens", "max_completion_tokens"}
    assert {name: server.seen[1][1][name] for name in options} == changed
    assert ("temperature" in server.seen[1][1]) == ("temperature" not in said)


def test_a_refusal_that_says_nothing_new_ends_it(server, ask):
    with pytest.raises(ModelError, match="maximum context"):
        ask(*[(400, {"error": {"message": "maximum context length"}})] * 20)
    assert len(server.seen) < 6


def test_evidence_that_there_is_no_room_for_is_left_out(server, ask):
    offered = evidence("公" * 900, "司" * 900, "Short.", scores=[0.9, 0.1, 0.5])
    assert ask(offered=offered) == "Prices rose in May. [1]"
    sent = server.seen[0][1]["messages"][1]["content"]
    assert "[1]" in sent and "[3]" in sent and "[2]" not in sent
    with pytest.raises(ModelError, match="ask in fewer words"):
        ask(offered=evidence("公" * 5000))


def test_the_key_is_from_the_environment_and_in_no_message(ask, monkeypatch):
    monkeypatch.setenv("RAG_API_KEY", "sk-secret")
    for turn in ((401, {"error": {"message": "bad key sk-secret"}}), [b'data: {"error": "bad key sk-secret"}\n\n']):
        with pytest.raises(ModelError, match=r"bad key \*\*\*") as caught:
            ask(turn)
        assert "sk-secret" not in str(caught.value)


def test_closing_closes_the_connection(server):
    server.script = [[event("Prices rose "), event("in May "), "hang"]]
    parts = EndpointWriter(f"{server.address}#m").write(QUESTION, OFFERED)
    assert next(parts) == "Prices rose "
    parts.close()


def test_a_password_or_no_address_is_refused_at_once():
    with pytest.raises(ModelError, match="RAG_API_KEY"):
        writer_named("https://me:secret@host/v1")
    with pytest.raises(ModelError, match="is not an address"):
        writer_named("http://")


def test_through_the_library_the_answer_is_verified(server, tmp_path):
    (tmp_path / "a.txt").write_text("Users\nUsers did leave because prices rose in May.\n", encoding="utf-8")
    told = "Users did leave because prices rose in May. [1] They moved to Mars. [1]"
    server.script = [[event(told), b"data: [DONE]\n\n"]]
    with Library(tmp_path / "index", embedder=HashedTerms(), writer=f"{server.address}#m") as library:
        library.add(tmp_path / "a.txt")
        seen = []
        answer = library.ask(QUESTION, on_text=seen.append)
    assert answer.answer == "Users did leave because prices rose in May. [1]"
    assert answer.writer == f"{server.address}#m"
    assert "".join(seen) == told
