import email.utils
import json
import os
import re
import shutil
import socket
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest
import tiny

import rag.embed
from rag import remote
from rag.embed.endpoint import EndpointEmbedder
from rag.errors import BadInput, ModelError
from rag.protocols import Embedder

PROMPTS = {"query": "query: ", "document": "passage: "}
TEXTS = ["why did the company lose its users", "cat sleeps on warm roof", "公司为什么失去"]


# --- by name


@pytest.fixture(autouse=True)
def plain_environment(monkeypatch):
    for name in ("RAG_API_KEY", "OPENAI_API_KEY", "HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(time, "sleep", lambda seconds: pytest.fail(f"slept {seconds} s"))


def test_the_built_in_model_is_called_builtin(monkeypatch):
    monkeypatch.setattr("rag.embed.builtin.load", lambda: "the built-in one")
    assert rag.embed.load(" builtin ") == "the built-in one"


def test_no_name_is_told_the_three_kinds():
    with pytest.raises(BadInput, match=r"(?s)builtin.*sentence-transformers.*http"):
        rag.embed.load("  ")


# --- sentence-transformers


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    """Three folders: with prompts, the same weights without, other weights."""
    here = tmp_path_factory.mktemp("models")
    return (
        tiny.sentence_model(here / "prompted", prompts=PROMPTS),
        tiny.sentence_model(here / "bare"),
        tiny.sentence_model(here / "other", seed=1, prompts=PROMPTS),
    )


def test_a_folder_gives_unit_vectors_in_order_without_a_socket(folders, monkeypatch, capsys):
    with tiny.no_sockets(monkeypatch):
        model = rag.embed.load(str(folders[0]))
        together = model.embed_passages(TEXTS)
    assert isinstance(model, Embedder)
    assert (model.name, model.dimensions) == (str(folders[0]), 16)
    assert together.shape == (3, 16) and together.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(together, axis=1), 1, atol=1e-5)
    alone = np.concatenate([model.embed_passages([text]) for text in TEXTS])
    np.testing.assert_allclose(together, alone, atol=1e-5)
    assert model.embed_queries([]).shape == (0, 16)
    assert capsys.readouterr().out == ""


def test_queries_and_passages_get_the_models_own_prompts(folders):
    model, bare = (rag.embed.load(str(folder)) for folder in folders[:2])
    prompted = [f"query: {text}" for text in TEXTS], [f"passage: {text}" for text in TEXTS]
    np.testing.assert_allclose(model.embed_queries(TEXTS), bare.embed_passages(prompted[0]), atol=1e-5)
    np.testing.assert_allclose(model.embed_passages(TEXTS), bare.embed_queries(prompted[1]), atol=1e-5)
    assert np.abs(model.embed_queries(TEXTS) - model.embed_passages(TEXTS)).max() > 0.01
    np.testing.assert_allclose(bare.embed_queries(TEXTS), bare.embed_passages(TEXTS), atol=1e-6)


def test_a_model_whose_card_asks_for_prompts_gets_them_by_its_name(folders, tmp_path):
    e5 = shutil.copytree(folders[1], tmp_path / "multilingual-e5-small")
    model, prompted = rag.embed.load(str(e5)), rag.embed.load(str(folders[0]))
    np.testing.assert_allclose(model.embed_queries(TEXTS), prompted.embed_queries(TEXTS), atol=1e-5)
    np.testing.assert_allclose(model.embed_passages(TEXTS), prompted.embed_passages(TEXTS), atol=1e-5)


def test_the_fingerprint_is_that_of_the_content(folders, tmp_path):
    first = rag.embed.load(str(folders[0])).fingerprint
    copy = shutil.copytree(folders[0], tmp_path / "copy", copy_function=shutil.copy)
    (copy / "README.md").write_text("a card")
    for aside in ("onnx", ".cache"):
        (copy / aside).mkdir()
        (copy / aside / "config.json").write_text("{}")
    os.utime(copy / "model.safetensors", (0, 0))
    assert rag.embed.load(str(copy)).fingerprint == first
    weights = copy / "model.safetensors"
    content = bytearray(weights.read_bytes())
    content[-2] ^= 1
    weights.write_bytes(content)
    assert rag.embed.load(str(copy)).fingerprint != first
    assert len({rag.embed.load(str(folder)).fingerprint for folder in folders}) == 3


@pytest.mark.parametrize("offline", ["0", "1"])
def test_an_id_comes_from_the_cache_without_a_socket(folders, tmp_path, monkeypatch, capsys, offline):
    tiny.hub_cache(tmp_path, "someone/tiny", folders[0])
    monkeypatch.setenv("SENTENCE_TRANSFORMERS_HOME", str(tmp_path))
    monkeypatch.setenv("HF_HUB_OFFLINE", offline)
    with tiny.no_sockets(monkeypatch):
        model = rag.embed.load("someone/tiny")
    assert model.fingerprint == rag.embed.load(str(folders[0])).fingerprint
    assert "fetching" not in capsys.readouterr().err


def test_an_id_that_is_not_here_is_not_fetched_offline(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("SENTENCE_TRANSFORMERS_HOME", str(tmp_path))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    said = "HF_HUB_OFFLINE forbids fetching it; unset it once for `rag models fetch someone/absent`"
    with tiny.no_sockets(monkeypatch), pytest.raises(ModelError, match=re.escape(said)):
        rag.embed.load("someone/absent")
    assert capsys.readouterr().err == ""


def test_a_fetch_is_announced_and_its_failure_names_the_kinds(tmp_path, monkeypatch, capsys):
    import huggingface_hub
    import sentence_transformers

    monkeypatch.setattr(huggingface_hub.HfApi, "model_info", lambda *_, **__: None)
    tried = []

    def fetch(name, **options):
        tried.append((name, options["trust_remote_code"]))
        raise OSError("no route to the hub\nand more")

    monkeypatch.setenv("SENTENCE_TRANSFORMERS_HOME", str(tmp_path))
    monkeypatch.setattr(sentence_transformers, "SentenceTransformer", fetch)
    with pytest.raises(ModelError, match=r"no route to the hub\).*NAME is `builtin`"):
        rag.embed.load("someone/absent")
    assert tried == [("someone/absent", False)]
    assert capsys.readouterr() == (
        "",
        "rag: fetching the embedding model someone/absent from the Hugging Face hub, once\n",
    )


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("./nowhere", "NAME is `builtin`"),
        ("a/b/c", "NAME is `builtin`"),
        ("buitlin", "did you mean `builtin`"),
    ],
)
def test_a_name_that_cannot_be_is_not_looked_for(name, message, monkeypatch):
    with tiny.no_sockets(monkeypatch), pytest.raises(ModelError, match=message):
        rag.embed.load(name)


def test_folders_that_are_no_models(folders, tmp_path):
    with pytest.raises(ModelError, match="folder without a model"):
        rag.embed.load(str(tmp_path))
    broken = shutil.copytree(folders[0], tmp_path / "broken")
    (broken / "model.safetensors").write_bytes(b"cut short")
    with pytest.raises(ModelError, match="cannot be loaded"):
        rag.embed.load(str(broken))
    (broken / "model.safetensors").rename(broken / "pytorch_model.bin")
    with pytest.raises(ModelError, match="pickled"):
        rag.embed.load(str(broken))


def test_without_the_package_it_says_what_to_install(folders, monkeypatch):
    monkeypatch.setitem(sys.modules, "sentence_transformers", None)
    with pytest.raises(ModelError, match=r"pip install 'rag\[models\]'"):
        rag.embed.load(str(folders[0]))


# --- an endpoint


def vector(text):
    """Not of unit length, and another one for each text used here."""
    return [float(len(text)), 3.0, -float(sum(map(ord, text)) % 97)]


def well_behaved(body):
    data = [{"index": at, "embedding": vector(text)} for at, text in enumerate(body["input"])]
    return 200, {"data": data[::-1]}


class Server(ThreadingHTTPServer):
    """Speaks the embeddings API on loopback. `script` holds what to do first, once each, in place of that."""

    daemon_threads = True

    def __init__(self):
        self.seen, self.script, self.models = [], [], {"data": [{"id": "listed"}]}
        super().__init__(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self.server_address[1]}"

    def handle_error(self, request, client_address):
        pass  # a client that gave up


class Handler(BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def do_GET(self):
        self.server.seen.append((self.path, dict(self.headers), None))
        self.answer(*((404, {}) if self.server.models is None else (200, self.server.models)))

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.seen.append((self.path, dict(self.headers), body))
        turn = self.server.script.pop(0) if self.server.script else well_behaved
        if turn == "drop":
            self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{")
            return
        self.answer(*(turn(body) if callable(turn) else turn))

    def answer(self, status, content, headers=()):
        payload = content if isinstance(content, bytes) else json.dumps(content).encode()
        self.send_response(status)
        for header in dict(headers).items():
            self.send_header(*header)
        self.send_header("Content-Length", str(len(payload)))
        self.end_headers()
        self.wfile.write(payload)


@pytest.fixture
def server():
    server = Server()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def naps(monkeypatch):
    naps = []
    monkeypatch.setattr(time, "sleep", naps.append)
    return naps


def test_an_endpoint_gives_unit_vectors_in_the_order_of_the_texts(server):
    model = rag.embed.load(f"{server.address}/v1")
    texts = [f"text {at}" * (at % 5 + 1) for at in range(70)]
    vectors = model.embed_passages(texts)
    assert isinstance(model, Embedder)
    expected = np.array([vector(text) for text in texts])
    expected /= np.linalg.norm(expected, axis=1, keepdims=True)
    np.testing.assert_allclose(vectors, expected, atol=1e-6)
    assert vectors.dtype == np.float32 and model.dimensions == 3
    assert [len(body["input"]) for _, _, body in server.seen if body] == [1, 32, 32, 6]
    np.testing.assert_array_equal(model.embed_queries(texts[:2]), vectors[:2])
    assert model.embed_queries([]).shape == (0, 3)
    model.embed_queries([""])
    assert server.seen[-1][2]["input"] == [" "]


@pytest.mark.parametrize(
    ("written", "asked", "model"),
    [
        ("", "/v1/embeddings", "listed"),
        ("/", "/v1/embeddings", "listed"),
        ("/v1", "/v1/embeddings", "listed"),
        ("/v1/#BAAI/bge-m3", "/v1/embeddings", "BAAI/bge-m3"),
        ("/v1/embeddings#m", "/v1/embeddings", "m"),
        ("/proxy/api?version=2#m", "/proxy/api/embeddings?version=2", "m"),
    ],
)
def test_what_an_address_means(server, written, asked, model):
    rag.embed.load(server.address + written)
    path, _, body = server.seen[-1]
    assert (path, body["model"]) == (asked, model)
    assert len(server.seen) == (2 if model == "listed" else 1)


@pytest.mark.parametrize("models", [None, {"data": []}, {"models": ["other api"]}])
def test_a_server_without_a_list_of_models_is_asked_for_default(server, models):
    server.models = models
    assert EndpointEmbedder(server.address).model == "default"


def test_the_fingerprint_is_of_address_model_and_dimensions(server):
    def wide(body):
        return 200, {"data": [{"index": 0, "embedding": [1.0, 2.0]}]}

    one, again, other = (rag.embed.load(f"{server.address}/v1#{model}") for model in "aab")
    assert one.fingerprint == again.fingerprint != other.fingerprint
    server.script = [wide]
    assert rag.embed.load(f"{server.address}/v1#a").fingerprint != one.fingerprint


def test_a_busy_server_is_asked_again_when_it_says(server, naps):
    at = email.utils.formatdate(time.time() + 12, usegmt=True)
    server.script = [
        (429, {}, {"Retry-After": "7"}),
        (503, {}, {"Retry-After": at}),
        (429, {}, {"Retry-After": "86400"}),
    ]
    assert rag.embed.load(f"{server.address}#m").dimensions == 3
    assert naps[0] == 7 and 9 < naps[1] < 13 and naps[2] == remote.LONGEST_WAIT


def test_a_broken_server_is_given_up_after_four_tries(server, naps):
    server.script = [(500, {"error": {"message": "out of memory"}})] * 9
    with pytest.raises(ModelError, match=f"{server.address}/v1/embeddings answered 500 .*: out of memory; look into"):
        rag.embed.load(f"{server.address}#m")
    assert len(server.seen) == 4 and naps == [0.5, 1.0, 2.0]


def test_a_connection_that_breaks_is_tried_again(server, naps):
    server.script = ["drop"]
    assert rag.embed.load(f"{server.address}#m").dimensions == 3
    assert naps == [0.5]


def test_nobody_listens(naps):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{free.getsockname()[1]}"
    with pytest.raises(ModelError, match=f"{address}/v1/models cannot be reached .*check the address"):
        rag.embed.load(address)
    assert len(naps) == 3


def test_a_slow_server_is_not_waited_for_twice(server):
    held = threading.Event()
    server.script = [lambda body: (held.wait(5), well_behaved(body))[1]]
    with pytest.raises(ModelError, match=r"did not answer within 0\.2 s"):
        EndpointEmbedder(f"{server.address}#m", timeout=0.2)
    held.set()
    assert len(server.seen) == 1


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (b"<html>welcome</html>", "did not answer in JSON"),
        (b"\xff\xfe", "did not answer in JSON"),
        ({"data": []}, "0 vectors are not one for each of 2 texts"),
        ({"data": [{"index": 0, "embedding": [1, 2, 3]}]}, "1 vectors are not one for each of 2 texts"),
        ({"data": [{"index": 0, "embedding": [1, 2, 3]}] * 2}, "2 vectors are not one for each"),
        ({"data": [{"index": 0, "embedding": [1, 2, 3]}, {"index": 1, "embedding": [1]}]}, "did not answer with"),
        ({"data": [{"index": at, "embedding": [1, 2]} for at in (0, 1)]}, "of 2 dimensions, before 3"),
        (b'{"data": [{"index": 0, "embedding": [NaN]}, {"index": 1, "embedding": [1]}]}', "not finite"),
        ({"data": [{"index": at, "embedding": []} for at in (0, 1)]}, "are empty"),
        ({"embeddings": [[1, 2, 3]] * 2}, "did not answer with embeddings"),
        ([], "did not answer with embeddings"),
    ],
)
def test_an_answer_that_does_not_fit(server, answer, message):
    model = rag.embed.load(f"{server.address}#m")
    server.script = [(200, answer)]
    with pytest.raises(ModelError, match=message) as caught:
        model.embed_passages(["one", "two"])
    assert server.address in str(caught.value)


def test_a_server_that_takes_fewer_texts_is_sent_fewer(server):
    def ten_at_most(body):
        return well_behaved(body) if len(body["input"]) <= 10 else (413, {"error": "batch size > 10"})

    model = rag.embed.load(f"{server.address}#m")
    server.script = [ten_at_most] * 20
    assert model.embed_passages([str(at) for at in range(40)]).shape == (40, 3)
    assert [len(body["input"]) for _, _, body in server.seen[1:]] == [32, 16, 8, 8, 8, 8, 8]


def test_a_refusal_is_not_tried_again(server):
    server.script = [(404, {"error": {"message": "no model m"}})]
    with pytest.raises(ModelError, match=r"answered 404 Not Found: no model m; check the address and the model's name"):
        rag.embed.load(f"{server.address}#m")
    assert len(server.seen) == 1


def test_the_key_is_from_the_environment_and_in_no_message(server, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-second")
    rag.embed.load(f"{server.address}#m")
    assert server.seen[-1][1]["Authorization"] == "Bearer sk-second"
    monkeypatch.setenv("RAG_API_KEY", "sk-first")
    server.script = [lambda body: (401, {"error": {"message": "wrong key sk-first given"}})]
    with pytest.raises(
        ModelError, match=r"401 .*wrong key \*\*\* given; put the server's key into .* RAG_API_KEY"
    ) as caught:
        rag.embed.load(f"{server.address}#m")
    assert server.seen[-1][1]["Authorization"] == "Bearer sk-first"
    assert "sk-first" not in str(caught.value)
    monkeypatch.setenv("RAG_API_KEY", "two\nlines")
    with pytest.raises(ModelError, match="characters that no header may") as caught:
        rag.embed.load(f"{server.address}#m")
    assert "two" not in str(caught.value)


def test_the_second_key_goes_to_no_other_machine_in_the_clear(monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-second")
    sent = {url: remote.key_for(url) for url in ("http://example.com/v1", "https://example.com/v1")}
    assert list(sent.values()) == ["", "sk-second"]
    monkeypatch.setenv("RAG_API_KEY", "sk-first")
    assert remote.key_for("http://example.com/v1") == "sk-first"


def test_a_redirection_is_named_and_not_followed(server, monkeypatch):
    monkeypatch.setenv("RAG_API_KEY", "sk-first")
    server.script = [(302, {}, {"Location": f"{server.address}/elsewhere"})]
    with pytest.raises(ModelError, match=f"answered 302 .*it moved to: {server.address}/elsewhere"):
        rag.embed.load(f"{server.address}#m")
    assert len(server.seen) == 1


@pytest.mark.parametrize(
    "address", ["http://", "http://:80/v1", "http://host:port/v1", "http://a b/v1", "http://[::1/v1"]
)
def test_what_is_no_address(address):
    with pytest.raises(ModelError, match="is not an address"):
        rag.embed.load(address)


def test_a_password_in_the_address_is_refused_and_not_shown():
    with pytest.raises(ModelError, match="RAG_API_KEY") as caught:
        rag.embed.load("http://me:secret@host/v1")
    assert "secret" not in str(caught.value)
