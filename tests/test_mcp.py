"""The Model Context Protocol, spoken by the SDK's own client: in memory, over stdio, and over HTTP."""

import json
import os
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

import anyio
import httpx2
import pytest
from conftest import ROOT
from mcp import Client, MCPError, StdioServerParameters

from rag.library import Library
from rag.serve.mcp import LONGEST, PAGE, server

QUESTION = "why did Jasper decline"


def talk(to: Any, work: Callable[[Client], Awaitable[None]]) -> None:
    """`work` with a client that is connected."""

    async def run() -> None:
        async with Client(to, read_timeout_seconds=60) as client:
            await work(client)

    anyio.run(run)


async def asks_about_jasper(client: Client) -> None:
    """The cited answer, and its stretch read again."""
    answer = (await client.call_tool("ask", {"question": QUESTION})).structured_content
    assert answer is not None and not answer["refused"]
    cited = answer["citations"][0]
    assert "[1]" in answer["answer"] and cited["marker"] == 1 and cited["verified"]
    assert cited["source"].endswith("jasper-lost-its-lead.txt")
    where = {name: cited[name] for name in ("doc_id", "start", "end")}
    part = (await client.call_tool("read", where)).structured_content
    assert part is not None
    assert part["original"] == cited["quote"] and part["cleaned"] == cited["text"]


def test_tools_say_what_they_take_and_give(seeded: Library) -> None:
    async def work(client: Client) -> None:
        tools = {tool.name: tool for tool in (await client.list_tools()).tools}
        assert set(tools) == {"search", "ask", "read"}
        for tool in tools.values():
            assert tool.description and tool.output_schema and tool.annotations and tool.annotations.read_only_hint
        assert tools["ask"].input_schema["required"] == ["question"]
        assert "citations" in tools["ask"].output_schema["required"]  # type: ignore[index]
        await asks_about_jasper(client)

    talk(server(seeded), work)


def test_search_and_filters(seeded: Library) -> None:
    async def work(client: Client) -> None:
        found = (await client.call_tool("search", {"query": QUESTION, "k": 3})).structured_content
        assert found is not None
        assert [one["rank"] for one in found["passages"]] == [1, 2, 3]
        assert found["passages"][0]["source"].endswith("jasper-lost-its-lead.txt")
        later = (await client.call_tool("search", {"query": QUESTION, "since": "2024-01-01"})).structured_content
        assert later is not None and later["passages"]
        assert all(one["date"] >= "2024" for one in later["passages"])

    talk(server(seeded), work)


def test_a_refusal_says_why(seeded: Library) -> None:
    async def work(client: Client) -> None:
        given = (await client.call_tool("ask", {"question": "how do I bake sourdough bread"})).structured_content
        assert given is not None
        assert given["refused"] and given["reason"] and given["citations"] == [] and given["answer"] == ""

    talk(server(seeded), work)


def test_bad_calls_are_answered_in_words(seeded: Library) -> None:
    async def work(client: Client) -> None:
        for tool, arguments, word in [
            ("ask", {"question": "  "}, "empty"),
            ("search", {"query": "x", "since": "tomorrow"}, "date"),
            ("read", {"doc_id": "/etc/hostname"}, "no such article"),
            ("read", {"doc_id": str(Path(__file__))}, "no such article"),
            ("search", {"query": "x", "k": 0}, "k"),
        ]:
            given = await client.call_tool(tool, arguments)
            assert given.is_error, tool
            assert word in given.content[0].text.lower()  # type: ignore[union-attr]

    talk(server(seeded), work)


def test_articles_are_resources(seeded: Library) -> None:
    async def work(client: Client) -> None:
        listed = await client.list_resources()
        assert listed.next_cursor is None and len(listed.resources) == 5
        one = next(one for one in listed.resources if one.name.endswith("vision-company-losses.txt"))
        [given] = (await client.read_resource(one.uri)).contents
        document, page = seeded.pages(one.name)[0]
        assert one.title == document.title and given.text == page.text  # type: ignore[union-attr]
        assert [template.uri_template for template in (await client.list_resource_templates()).resource_templates] == [
            "article://{doc_id}"
        ]
        for bad in ("article://nothing", "article://%2Fetc%2Fpasswd", "article://..%2F..%2Fx"):
            with pytest.raises(MCPError, match="no such article"):
                await client.read_resource(bad)
        with pytest.raises(MCPError, match="cursor"):
            await client.list_resources(cursor="x")

    talk(server(seeded), work)


def test_many_articles_are_listed_page_by_page_and_long_ones_read_part_by_part(
    library: Library, tmp_path: Path
) -> None:
    many = [{"_id": f"/odd/{n} ?#", "text": f"Article number {n} is about rivers."} for n in range(PAGE + 3)]
    (tmp_path / "many.jsonl").write_text("\n".join(map(json.dumps, many)), encoding="utf-8")
    (tmp_path / "long.txt").write_text("A line about rivers 𠮷.\n" * 2000, encoding="utf-8")
    library.add(tmp_path / "many.jsonl", tmp_path / "long.txt")

    async def work(client: Client) -> None:
        first = await client.list_resources()
        second = await client.list_resources(cursor=first.next_cursor)
        uris = [one.uri for one in first.resources + second.resources]
        assert len(first.resources) == PAGE and len(set(uris)) == PAGE + 4 and second.next_cursor is None
        odd = f"article://{quote('/odd/7 ?#', safe='')}"
        assert odd in uris
        [given] = (await client.read_resource(odd)).contents
        assert given.text == "Article number 7 is about rivers."  # type: ignore[union-attr]

        long = next(one.uri for one in first.resources + second.resources if one.name.endswith("long.txt"))
        parts, at = "", 0
        while True:
            arguments = {"doc_id": long.removeprefix("article://"), "start": at}
            part = (await client.call_tool("read", arguments)).structured_content
            assert part is not None and part["end"] - part["start"] <= LONGEST
            parts, at = parts + part["original"], part["end"]
            if at == part["characters"]:
                break
        assert parts == (tmp_path / "long.txt").read_text(encoding="utf-8")

    talk(server(library), work)


def command(*more: str, index: Path) -> StdioServerParameters:
    environment = dict(os.environ, PYTHONPATH=str(ROOT))
    return StdioServerParameters(
        command=sys.executable, args=["-m", "rag", "mcp", "--index", str(index), *more], env=environment
    )


def test_over_stdio(seeded: Library) -> None:
    talk(command(index=seeded.path), asks_about_jasper)


def test_over_http_on_loopback_alone(seeded: Library) -> None:
    call = command("--port", "0", index=seeded.path)
    with subprocess.Popen([call.command, *call.args], env=call.env, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stderr is not None
            address = process.stderr.readline().strip().removeprefix("rag: ")
            assert address.startswith("http://127.0.0.1:")
            talk(address, asks_about_jasper)
            body = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}
            for header in ({"Host": "evil.example"}, {"Origin": "http://evil.example"}):
                answer = httpx2.post(address, json=body, headers={"Accept": "application/json", **header})
                assert answer.status_code in (403, 421), header
        finally:
            process.terminate()
            process.wait(20)


def test_what_is_wrong_with_the_index_is_said_at_once(tmp_path: Path) -> None:
    call = command(index=tmp_path / "none")
    line = [call.command, *call.args]
    done = subprocess.run(line, env=call.env, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1 and "no index at" in done.stderr and done.stdout == ""
