"""`rag models`: what is listed, what is fetched from a hub served here, and what is said where it cannot be."""

import json
import os
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import tiny
from conftest import ROOT

from rag.answer.local import LocalWriter
from rag.embed.sentence_transformers import SentenceTransformerEmbedder
from rag.errors import ModelError
from rag.hub import ANSWERS_WITHIN, needed
from rag.rerank.cross_encoder import CrossEncoderReranker

COMMIT = "0123456789abcdef0123456789abcdef01234567"


class Hub(ThreadingHTTPServer):
    """As much of the hub as a fetch asks for: facts of a model, and its files."""

    daemon_threads = True

    def __init__(self, models):
        self.models, self.seen = models, []
        super().__init__(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self.server_address[1]}"

    def handle_error(self, request, client_address):
        pass


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_HEAD(self):
        self.do_GET()

    def do_GET(self):
        path = urlsplit(self.path).path
        self.server.seen.append((self.command, path))
        owner, name, *rest = path.removeprefix("/api/models").strip("/").split("/")
        files = self.server.models.get(f"{owner}/{name}")
        if files is None:
            self.send(404, b'{"error": "Repository not found"}', {"X-Error-Code": "RepoNotFound"})
        elif path.startswith("/api/models/") and rest[:1] == ["tree"]:
            tree = [
                {"type": "file", "path": name, "size": len(data), "oid": f"{at:040}"}
                for at, (name, data) in enumerate(files.items())
            ]
            self.send(200, json.dumps(tree).encode())
        elif path.startswith("/api/models/"):
            siblings = [{"rfilename": name, "size": len(data)} for name, data in files.items()]
            facts = {
                "id": f"{owner}/{name}",
                "sha": COMMIT,
                "siblings": siblings,
                "private": False,
                "tags": [],
                "downloads": 0,
            }
            self.send(200, json.dumps(facts).encode())
        else:
            data = files["/".join(rest[2:])]
            self.send(200, data, {"ETag": f'"{len(data):064x}"', "X-Repo-Commit": COMMIT})

    def send(self, status, data, headers=()):
        self.send_response(status)
        for header in dict(headers).items():
            self.send_header(*header)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(data)


@pytest.fixture(scope="module")
def hub(tmp_path_factory):
    here = tmp_path_factory.mktemp("models")
    folders = {
        "someone/tiny-chat": tiny.causal_model(here / "chat", [("a", "b")], width=16),
        "someone/tiny-embed": tiny.sentence_model(here / "embed"),
    }
    models = {
        name: {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
        for name, folder in folders.items()
    }
    for files in models.values():
        files |= {"pytorch_model.bin": b"pickle", "onnx/model.onnx": b"other", "README.md": b"card"}
    models["someone/pickled"] = {"config.json": b"{}", "pytorch_model.bin": b"pickle"}
    server = Hub(models)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    return tmp_path_factory.mktemp("home")


@pytest.fixture
def rag(hub, home):
    def run(*words, **env):
        own = {"PYTHONPATH": str(ROOT), "HF_HOME": str(home), "HF_ENDPOINT": hub.address, "NO_PROXY": "127.0.0.1"}
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("HF_", "TRANSFORMERS_"))}
        return subprocess.run(
            [sys.executable, "-m", "rag", "models", *words],
            capture_output=True,
            encoding="utf-8",
            check=False,
            env={**kept, **own, **env},
        )

    return run


def test_what_is_fetched_is_listed_and_opens_offline(rag, hub, home, monkeypatch):
    assert [row["name"] for row in json.loads(rag("--json").stdout)["models"]] == ["builtin", "extract"]
    for name in ("someone/tiny-chat", "someone/tiny-embed"):
        done = rag("fetch", name)
        assert done.returncode == 0, done.stderr
        size = sum(needed({file: len(data) for file, data in hub.models[name].items()}).values())
        assert f"fetching {name}, {size / 1e6:.1f} MB, from the Hugging Face hub" in done.stderr
        assert (Path(done.stdout.strip()) / "model.safetensors").read_bytes() == hub.models[name]["model.safetensors"]
    fetched = [path for command, path in hub.seen if command == "GET" and "/resolve/" in path]
    assert fetched and not any(path.endswith((".bin", ".onnx", ".md")) for path in fetched)
    rows = json.loads(rag("--json", HF_HUB_OFFLINE="1").stdout)["models"]
    assert [(row["name"], row["use"]) for row in rows[2:]] == [
        ("someone/tiny-chat", "writer"),
        ("someone/tiny-embed", "embedder"),
    ]
    plain = rag(HF_HUB_OFFLINE="1").stdout
    assert "builtin" in plain and "someone/tiny-chat" in plain and rows[2]["folder"] in plain
    import huggingface_hub.constants

    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(home / "hub"))
    with tiny.no_sockets(monkeypatch):
        assert LocalWriter("someone/tiny-chat", device="cpu").name == "someone/tiny-chat"
        assert SentenceTransformerEmbedder("someone/tiny-embed").dimensions == 16
    before = len(hub.seen)
    assert rag("fetch", "someone/tiny-chat", "--quiet").stderr == ""
    assert not any(command == "GET" and path.endswith("safetensors") for command, path in hub.seen[before:])


@pytest.mark.parametrize(
    ("name", "status", "message"),
    [
        ("someone/absent", 1, "the hub has no model someone/absent; check the name"),
        ("someone/pickled", 1, "no weights in safetensors"),
        ("../escape", 2, "is no model id"),
        ("a b", 2, "is no model id"),
    ],
)
def test_what_cannot_be_fetched(rag, name, status, message):
    done = rag("fetch", name)
    assert (done.returncode, done.stdout) == (status, "")
    assert message in done.stderr and "Traceback" not in done.stderr


def test_offline_nothing_is_asked(rag, hub):
    before = len(hub.seen)
    done = rag("fetch", "someone/tiny-chat", HF_HUB_OFFLINE="1")
    assert done.returncode == 1 and "HF_HUB_OFFLINE forbids fetching someone/tiny-chat" in done.stderr
    assert len(hub.seen) == before


def test_a_hub_that_is_not_there(rag):
    done = rag("fetch", "someone/tiny-chat", HF_ENDPOINT="http://127.0.0.1:9", HF_HOME="/nonexistent-home")
    assert done.returncode == 1 and "could not be fetched" in done.stderr and "Traceback" not in done.stderr


def test_the_built_in_ones_need_no_fetching(rag):
    done = rag("fetch", "builtin")
    assert done.returncode == 0 and "is built in" in done.stderr


@pytest.mark.parametrize("kind", ["writer", "embedder", "reranker"])
@pytest.mark.parametrize(("there", "says"), [(True, "the hub has no model of that name"), (False, "be reached")])
def test_a_model_that_is_not_there_is_said_at_once(hub, monkeypatch, capsys, kind, there, says):
    """The libraries would ask for one file after another, again and again, for a minute and more."""
    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", hub.address if there else "http://127.0.0.1:9")
    opened = {"writer": LocalWriter, "embedder": SentenceTransformerEmbedder, "reranker": CrossEncoderReranker}
    before, began = len(hub.seen), time.monotonic()
    with pytest.raises(ModelError, match=says) as error:
        opened[kind]("someone/none-such")
    assert time.monotonic() - began < 2 * ANSWERS_WITHIN
    assert len(hub.seen) - before == there and capsys.readouterr().err == ""
    assert ("`rag models fetch someone/none-such`" in str(error.value)) == (not there)
