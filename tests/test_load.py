"""From files and folders to documents: which files, what of them, and what is said of those that are none."""

import gzip
import hashlib
import io
import json
import os
import sys
import time
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from rag.errors import NotFound, RagError, Unreadable
from rag.load import STDIN, blame, find, fingerprint, lines, original, read, read_text, source_of
from rag.load.date import normalised
from rag.load.html import declared_charset
from rag.types import Document, Origin

ARTICLE = "渡口的鐘壞了以後，島上的人改看麵包房的煙。\r\n它五點開始冒，從不遲到。\r\n"


class Problems(list[tuple[str, str]]):
    """Takes what goes to `on_problem`."""

    def __call__(self, where: str, why: str) -> None:
        self.append((where, why))


def documents(paths: list[str | Path], problems: Callable[[str, str], None] = print) -> Iterator[Document]:
    """All articles behind `paths`, as the library reads them: a bad file is reported and the rest is read."""
    for file in find(paths, problems):
        try:
            yield from read(file, on_problem=problems)
        except RagError as error:
            problems(*blame(error, source_of(file)))


def only(path: Path, source: str = "") -> Document:
    """The one document of a file."""
    (document,) = read(path, source)
    return document


def written(path: Path, content: str | bytes = ARTICLE) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def jsonl(path: Path, *rows: Any) -> Path:
    lines_ = [row if isinstance(row, str) else json.dumps(row, ensure_ascii=False) for row in rows]
    return written(path, "".join(line + "\n" for line in lines_))


# which files


def test_a_folder_is_walked_in_order_without_what_is_hidden_or_of_unknown_kind(tmp_path: Path) -> None:
    wanted = ["a.txt", "b/README.md", "b/c/d.HTML", "b/c/e.jsonl.gz", "b.markdown", "z.htm", "z.jsonl"]
    for name in [
        *wanted,
        ".git/config.txt",
        ".venv/x.md",
        ".hidden.txt",
        "b/.x.md",
        "p.doc",
        "~$d.docx",
        "x.py",
        "Makefile",
    ]:
        written(tmp_path / name)
    found = [path.relative_to(tmp_path).as_posix() for path in find([tmp_path])]
    assert found == sorted(wanted, key=lambda name: name.split("/"))


def test_what_is_named_is_taken_whatever_its_name(tmp_path: Path) -> None:
    hidden = written(tmp_path / ".notes" / "a.txt")
    strange = written(tmp_path / "LIESMICH")
    assert list(find([strange, hidden.parent])) == [strange, hidden]
    assert only(strange).kind == "text"


def test_each_file_once_however_often_it_is_named(tmp_path: Path) -> None:
    one, two = written(tmp_path / "1.txt"), written(tmp_path / "2.txt")
    assert list(find([two, tmp_path, one, str(two)])) == [two, one]


def test_folders_linked_in_a_circle_end(tmp_path: Path) -> None:
    article = written(tmp_path / "a" / "b" / "c.txt")
    (tmp_path / "a" / "b" / "up").symlink_to(tmp_path / "a", target_is_directory=True)
    (tmp_path / "a" / "self.txt").symlink_to(tmp_path / "a" / "self.txt")
    (tmp_path / "a" / "broken").symlink_to(tmp_path / "nowhere")
    problems = Problems()
    assert list(find([tmp_path], problems)) == [article]
    assert [where for where, _ in problems] == [source_of(tmp_path / "a" / "self.txt")]


def test_a_missing_path_is_told_before_anything_is_read(tmp_path: Path) -> None:
    written(tmp_path / "a.txt")
    with pytest.raises(NotFound, match=r"gone\.txt: no such file or folder; check the path"):
        find([tmp_path / "a.txt", tmp_path / "gone.txt"])
    with pytest.raises(NotFound, match=r"gone\.txt: no such file; check the path"):
        list(read(tmp_path / "gone.txt"))
    with pytest.raises(NotFound):
        list(read("a\0b"))


def test_a_pipe_in_a_folder_is_left_out(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.txt")
    assert list(find([tmp_path])) == []


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read everything")
def test_files_and_folders_without_permission(tmp_path: Path) -> None:
    closed, shut = written(tmp_path / "x" / "closed.txt"), written(tmp_path / "x" / "shut" / "a.txt").parent
    closed.chmod(0)
    shut.chmod(0)
    try:
        problems = Problems()
        assert list(documents([tmp_path], problems)) == []
        assert [why.partition(";")[0] for _, why in problems] == ["no permission to read it"] * 2
        with pytest.raises(Unreadable, match="no permission to read it; change its permissions"):
            list(find([shut]))
    finally:
        shut.chmod(0o755)


def test_a_name_that_is_not_utf_8_can_be_shown(tmp_path: Path) -> None:
    try:
        written(Path(os.fsdecode(os.fsencode(tmp_path) + "/舊.txt".encode("big5"))))
    except OSError:
        pytest.skip("this file system takes UTF-8 only")
    (document,) = documents([tmp_path])
    assert document.source == source_of(tmp_path) + r"/\xc2\xc2.txt"
    assert document.text == ARTICLE


def test_standard_input(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(ARTICLE.encode("gb18030"))))
    (document,) = documents(["-"])
    assert (document.source, document.text, document.encoding) == ("-", ARTICLE, "gb18030")
    monkeypatch.chdir(tmp_path)
    written(tmp_path / "-", "a file of that name")
    (path,) = find(["./-"])
    assert path != STDIN
    assert only(path).text == "a file of that name"


# what of them


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-be", "gb18030", "big5"])
@pytest.mark.parametrize(
    ("name", "kind"), [("a.txt", "text"), ("a.MD", "markdown"), ("a.html", "html"), ("a.log", "text")]
)
def test_the_original_is_the_files_bytes_and_nothing_else(tmp_path: Path, name: str, kind: str, encoding: str) -> None:
    data = ARTICLE.encode(encoding)
    path = written(tmp_path / name, data)
    document = only(path, "given/as.txt")
    assert document.text == ARTICLE == path.read_bytes().decode(document.encoding, errors="replace")
    assert document.encoding == encoding
    assert document.sha256 == hashlib.sha256(data).hexdigest()
    assert document.doc_id == document.sha256[:16]
    assert (document.source, document.kind, document.line) == ("given/as.txt", kind, 1)
    assert dict(document.metadata) == {}


def test_what_could_not_be_decoded_is_counted() -> None:
    document = read_text(ARTICLE.encode()[:-4], "cut.txt")
    assert document.metadata == {"decoding_errors": 1}
    assert document.text.endswith("到\ufffd")
    assert document.encoding == "utf-8"


def test_a_fingerprint_is_of_the_bytes(tmp_path: Path) -> None:
    path = written(tmp_path / "a.txt", b"abc" * 1_000_000)
    size, changed, sha256 = fingerprint(path)
    assert (size, changed) == (3_000_000, path.stat().st_mtime_ns)
    assert sha256 == hashlib.sha256(b"abc" * 1_000_000).hexdigest()
    with pytest.raises(NotFound):
        fingerprint(tmp_path / "gone")
    with pytest.raises(Unreadable, match="a folder, not a file"):
        fingerprint(tmp_path)


# what is no text


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "empty"),
        (b" \r\n\t ", "empty"),
        ("\u3000\n".encode("utf-16"), "empty"),
        (b"%PDF-1.7\n...", "a PDF, not text; give it the ending .pdf"),
        (b"PK\x03\x04rest", "a zip archive or an office document, not text; give it the ending .docx"),
        (b"abc\0def\0ghi", "binary"),
        (bytes(range(256)) * 20, "binary"),
        (bytes(byte % 128 + 128 for byte in hashlib.shake_256(b"x").digest(4000)), "not text in any encoding"),
        ("まちの図書館はあさ九時からよる八時まであいています。".encode("cp932") * 9, "not text in any encoding"),
    ],
)
def test_what_cannot_be_read_says_why_and_what_to_do(tmp_path: Path, data: bytes, why: str) -> None:
    with pytest.raises(Unreadable, match=rf"bad\.txt: {why}") as caught:
        list(read(written(tmp_path / "bad.txt", data)))
    assert caught.value.next_step


def test_a_stray_nul_does_not_make_an_article_binary() -> None:
    assert read_text((ARTICLE * 20 + "\0").encode()).encoding == "utf-8"


def test_too_large(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(original, "LARGEST", 100)
    assert only(written(tmp_path / "a.txt", b"a" * 100)).text == "a" * 100
    with pytest.raises(Unreadable, match="larger than"):
        only(written(tmp_path / "a.txt", b"a" * 101))


def test_one_bad_file_does_not_stop_a_folder(tmp_path: Path) -> None:
    for name in ("1.txt", "3.txt"):
        written(tmp_path / name)
    written(tmp_path / "2.txt", b"\x89PNG\r\n")
    jsonl(tmp_path / "questions.jsonl", {"id": 1, "question": "何時？"}, {"id": 2, "question": "何地？"})
    problems = Problems()
    found = [Path(document.source).name for document in documents([tmp_path], problems)]
    assert found == ["1.txt", "3.txt"]
    assert problems == [
        (source_of(tmp_path / "2.txt"), "a picture, not text; save its text as .txt, .md or .html"),
        (
            source_of(tmp_path / "questions.jsonl"),
            "not articles: no line has a `text`; this one has 'id', 'question'",
        ),
    ]


def test_without_a_listener_problems_are_logged(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    file = written(tmp_path / "some.jsonl", '{"no": 1}\n{"text": "好"}\n')
    assert len(list(read(file))) == 1
    assert "some.jsonl:1: " in caplog.text


# markdown


def test_front_matter(tmp_path: Path) -> None:
    text = (
        "---\r\ntitle: \"On 'ferries'\"\r\ndate: 2024-03-05 07:00:00 +0800\r\nurl: https://example.org/a # home\r\n"
        "tags: [海, 'boat trips']\r\nauthors:\r\n  - 葉\r\n  - Ada\r\n"
        "summary: >\r\n  two\r\n  lines\r\ndraft:\r\n---\r\n# X\r\n"
    )
    document = only(written(tmp_path / "a.md", text))
    assert document.text == text
    assert (document.title, document.date) == ("On 'ferries'", "2024-03-05T07:00:00")
    assert document.url == "https://example.org/a"
    assert document.metadata == {
        "tags": ["海", "boat trips"],
        "authors": ["葉", "Ada"],
        "summary": "two lines",
    }


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("# 渡口 #\n\ntext", "渡口"),
        ("\n\n渡口\n====\ntext", "渡口"),
        ("---\ndate: soon\n---\n\n# 渡口\n", "渡口"),
        ("text first\n\n# later", ""),
        ("#hashtag", ""),
        ("## second level", ""),
        ("---\nnot: closed\n", ""),
        ("---\n\njust a rule\n\n---\n", ""),
    ],
)
def test_titles_of_markdown(text: str, title: str, tmp_path: Path) -> None:
    document = only(written(tmp_path / "a.md", text))
    assert document.title == title
    assert document.text == text


def test_a_date_that_cannot_be_read_is_kept_as_it_is(tmp_path: Path) -> None:
    document = only(written(tmp_path / "a.md", "---\ndate: last spring\n---\n"))
    assert (document.date, document.metadata) == ("", {"date": "last spring"})


# HTML

PAGE = """<!DOCTYPE html><html><head><meta charset="{charset}">
<!-- <title>old</title> --><script>var a = "<title>no</title>";</script>
<TITLE>
  渡口的鐘 &amp; 煙 - 島報</TITLE><meta content='渡口的鐘 & 煙' property="og:title" >
<meta property="article:published_time" content="2024-03-05T07:30:00+08:00"/>
<link href="https://example.org/1?a=1&amp;b=2" rel=canonical>
</head><body><time datetime="2020-01-01">x</time>
<p>渡口的鐘壞了以後，島上的人改看麵包房的煙，它從不遲到。</p></body></html>"""


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030", "big5", "utf-16"])
@pytest.mark.parametrize("charset", ["utf-8", "gb2312", "big5", "iso-8859-1", "nonsense"])
def test_a_page_and_its_wrong_charset(tmp_path: Path, encoding: str, charset: str) -> None:
    page = PAGE.replace("{charset}", charset)
    document = only(written(tmp_path / "a.html", page.encode(encoding)))
    assert (document.text, document.encoding, document.kind) == (page, encoding, "html")
    assert (document.title, document.date) == ("渡口的鐘 & 煙", "2024-03-05T07:30:00")
    assert document.url == "https://example.org/1?a=1&b=2"


@pytest.mark.parametrize(
    ("page", "title", "date", "url"),
    [
        ("<p>nothing is said 12345", "", "", ""),
        ("<title></title><meta name=og:title content=T>", "T", "", ""),
        ("<title>Real</title><meta property='og:title' content='Other'>", "Real", "", ""),
        ("<title>a > b</title><meta content='x > y' name=\"pubdate\">", "a > b", "", ""),
        ("<meta name=PubDate content=2024-3-5><time datetime=2020-01-01>", "", "2024-03-05", ""),
        ("<time datetime='bad'></time>", "", "", ""),
        ("<time pubdate datetime='2020-01-01'></time>", "", "2020-01-01", ""),
        ('<script type="application/ld+json">{"datePublished": "2021-02-03"}</script>', "", "2021-02-03", ""),
        ("<link rel=canonical href=/local><meta property=og:url content=http://a.b/>", "", "", "http://a.b/"),
        ("<link rel=canonical href='javascript:alert(1)'>", "", "", ""),
        ("<!-- never closed <title>T</title>", "T", "", ""),
        ("<titlecase>no</titlecase>", "", "", ""),
    ],
)
def test_what_pages_say(page: str, title: str, date: str, url: str, tmp_path: Path) -> None:
    document = only(written(tmp_path / "a.htm", page))
    assert (document.title, document.date, document.url) == (title, date, url)


def test_a_declared_charset() -> None:
    assert declared_charset(b"<meta http-equiv=x content='text/html; charset=GBK'>") == "GBK"
    assert declared_charset(b"<p>charset") == ""


@pytest.mark.parametrize(
    "unit",
    ["<!--", "<script>", "<", "<meta ", '<meta "', "<meta a='", "<meta a", "<title>", "<meta a=b ", "a=" * 9, "&"],
)
def test_time_grows_with_the_length_of_a_hostile_page(
    unit: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rag.load.html.HEAD", 10_000_000)

    def seconds(size: int) -> float:
        path = written(tmp_path / "a.html", "<meta " + unit * (size // len(unit)))
        began = time.process_time()
        only(path)
        return time.process_time() - began

    assert seconds(4_000_000) < 12 * seconds(1_000_000) + 0.3


# JSON lines


def test_records(tmp_path: Path) -> None:
    path = jsonl(
        tmp_path / "corpus.jsonl",
        {"_id": "d1", "title": "渡口", "text": "鐘壞了。", "date": "2024年3月5日", "url": "http://a.b", "lang": "zh"},
        "",
        {"id": 7, "text": "two\r\nlines", "title": None, "metadata": {}},
        {"_id": "", "text": "三", "date": "soon", "n": [1, {"a": 2.5}]},
    )
    one, two, three = read(path, "c.jsonl")
    assert one == Document(
        "d1", "c.jsonl", "鐘壞了。", hashlib.sha256("鐘壞了。".encode()).hexdigest(), "utf-8", "record",
        "渡口", "2024-03-05", "http://a.b", 1, {"lang": "zh"}, "", "",
        {"title": Origin("field title"), "date": Origin("field date")},
    )  # fmt: skip
    assert (two.doc_id, two.text, two.title, two.line, two.metadata) == ("7", "two\r\nlines", "", 3, {"metadata": {}})
    assert three.doc_id == hashlib.sha256("三".encode()).hexdigest()[:16]
    assert (three.date, three.metadata) == ("", {"date": "soon", "n": [1, {"a": 2.5}]})


def test_both_kinds_of_id_and_ids_that_are_none(tmp_path: Path) -> None:
    rows = [{"_id": "a", "id": 5, "text": "x"}, {"id": True, "text": "y"}, {"_id": None, "id": 1.5, "text": "z"}]
    first, second, third = read(jsonl(tmp_path / "a.jsonl", *rows))
    assert (first.doc_id, first.metadata) == ("a", {"id": 5})
    assert (second.doc_id, second.metadata) == (second.sha256[:16], {"id": True})
    assert third.doc_id == "1.5"


def test_bad_lines_are_told_and_the_rest_is_read(tmp_path: Path) -> None:
    path = jsonl(
        tmp_path / "a.jsonl",
        {"text": "1"},
        '{"text": "cut off',
        *["[1]"] * 8,
        {"text": " \n"},
        {"text": ["no"]},
        {"question": "?"},
        '{"text": "deep", "x": ' + "[" * 100_000 + "]" * 100_000 + "}",
        '{"text": "deepish", "x": ' + "[" * 50 + "]" * 50 + "}",
        '{"text": "long", "x": 1' + "0" * 5000 + "}",
        {"text": "2"},
    )
    problems = Problems()
    assert [document.text for document in read(path, "a.jsonl", problems)] == ["1", "2"]
    assert [where for where, _ in problems] == [f"a.jsonl:{n}" for n in (2, 3, 11, 12, 13, 14)]
    whys = [why for _, why in problems]
    assert whys[0].startswith("not JSON (Unterminated string starting at); the same in line 16")
    assert whys[1] == "not a JSON object; the same in line 4, 5, 6, 7 and 3 more"
    assert whys[2:4] == ["`text` is empty", "`text` is not a string"]
    assert whys[4] == "no `text`; this one has 'question'"
    assert whys[5] == "nested too deeply; the same in line 15"


def test_halves_of_surrogate_pairs_become_replacement_characters(tmp_path: Path) -> None:
    path = jsonl(tmp_path / "a.jsonl", r'{"text": "a\ud83db \ud83d\ude00", "\udc00": ["\udc01"], "title": "\ud800"}')
    document = only(path)
    assert document.text == "a\ufffdb 😀"
    assert (document.title, document.metadata) == ("\ufffd", {"\ufffd": ["\ufffd"]})


def test_not_a_number_is_null(tmp_path: Path) -> None:
    assert only(jsonl(tmp_path / "a.jsonl", '{"text": "a", "x": NaN, "y": [Infinity]}')).metadata == {
        "x": None,
        "y": [None],
    }


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "gb18030", "big5"])
def test_records_in_any_encoding(tmp_path: Path, encoding: str) -> None:
    rows = "".join(json.dumps({"text": ARTICLE + str(n)}, ensure_ascii=False) + "\r\n" for n in range(5))
    path = written(tmp_path / "a.jsonl", rows.encode(encoding))
    found = list(read(path))
    assert [document.text for document in found] == [ARTICLE + str(n) for n in range(5)]
    assert {document.encoding for document in found} == {"utf-8"}
    assert [document.line for document in found] == [1, 2, 3, 4, 5]


def test_one_line_in_another_encoding_and_one_that_is_broken(tmp_path: Path) -> None:
    row = json.dumps({"text": ARTICLE}, ensure_ascii=False)
    broken = row.encode().replace("鐘".encode(), b"\xe9\x90")
    path = written(tmp_path / "a.jsonl", b"\n".join([row.encode("gb18030"), row.encode(), broken, *[row.encode()] * 5]))
    one, two, three, *_ = read(path)
    assert one.text == two.text == ARTICLE
    assert three.text == ARTICLE.replace("鐘", "\ufffd")
    assert (one.metadata, two.metadata, three.metadata) == ({}, {}, {"decoding_errors": 1})


def test_packed_records(tmp_path: Path) -> None:
    data = b"".join(json.dumps({"_id": str(n), "text": f"text {n}"}).encode() + b"\n" for n in range(50_000))
    packed = gzip.compress(data)
    path = written(tmp_path / "a.jsonl.gz", packed)
    assert sum(1 for _ in read(path)) == 50_000
    problems = Problems()
    some = sum(1 for _ in read(written(path, packed[:-5000]), "a", problems))
    assert 0 < some < 50_000
    assert problems == [(f"a:{some + 1}", "the gzip file is damaged or breaks off here")]
    with pytest.raises(Unreadable, match="damaged, or not gzip"):
        list(read(written(path, data)))


def test_empty_files_of_records(tmp_path: Path) -> None:
    for content in (b"", b"\n \n\n", b"\xef\xbb\xbf"):
        with pytest.raises(Unreadable, match="empty"):
            list(read(written(tmp_path / "a.jsonl", content)))
    with pytest.raises(Unreadable, match="empty"):
        list(read(written(tmp_path / "a.jsonl.gz", gzip.compress(b""))))


def test_a_line_longer_than_any_article(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines, "LONGEST", 1000)
    for encoding in ("utf-8", "utf-16"):
        rows = "".join(json.dumps({"text": "a" * n}) + "\n" for n in (5, 5000, 6, 987, 988))
        problems = Problems()
        path = written(tmp_path / "a.jsonl", rows.encode(encoding))
        assert [len(document.text) for document in read(path, "a", problems)] == [5, 6, 987]
        assert problems == [("a:2", "longer than any article; the same in line 5")]


def test_records_are_not_held_in_memory(tmp_path: Path) -> None:
    row = json.dumps({"text": "x" * 10_000}) + "\n"
    path = written(tmp_path / "a.jsonl", row * 4_000)
    tracemalloc.start()
    try:
        assert sum(1 for _ in read(path)) == 4_000
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 8_000_000 < path.stat().st_size


# dates


@pytest.mark.parametrize(
    ("text", "date"),
    [
        ("2023-08-04", "2023-08-04"),
        ("2023/8/4", "2023-08-04"),
        ("2023.08.04", "2023-08-04"),
        ("20230804", "2023-08-04"),
        ("２０２３年８月４日", "2023-08-04"),
        ("2023 年 8 月 4 日 下午", "2023-08-04"),
        ("2023-08-04 18:04", "2023-08-04T18:04:00"),
        ("2023年8月4日18时04分37秒", "2023-08-04T18:04:37"),
        ("2023年8月4日 18:04:37", "2023-08-04T18:04:37"),
        ("2023-08-04T18:04:37.123Z", "2023-08-04T18:04:37"),
        ("Fri, 04 Aug 2023 18:04:37 GMT", "2023-08-04T18:04:37"),
        ("August 4th, 2023", "2023-08-04"),
        ("4 Aug 2023", "2023-08-04"),
        ("2023-02-29", ""),
        ("2023-08-04T25:00:00", ""),
        ("2023-8/4", ""),
        ("2023", ""),
        ("2023-08", ""),
        ("202308041", ""),
        ("04/08/2023", ""),
        ("Foo 4, 2023", ""),
        ("", ""),
        ("9" * 100_000, ""),
    ],
)
def test_dates(text: str, date: str) -> None:
    assert normalised(text) == date


def test_every_error_is_one_of_ours_and_names_the_file(tmp_path: Path) -> None:
    for content in (b"", b"\0", b"%PDF-"):
        for name in ("a.txt", "a.md", "a.html"):
            with pytest.raises(RagError, match=name):
                list(read(written(tmp_path / name, content)))
