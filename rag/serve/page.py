"""The web page at `/`, its files under `/web`, and the description of the routes for people at `/docs`."""

from collections.abc import Iterator
from html import escape
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from fastapi.responses import FileResponse, HTMLResponse, Response
from starlette.middleware.gzip import GZipMiddleware
from starlette.staticfiles import StaticFiles

__all__ = ["WEB", "mount"]

WEB = Path(__file__).with_name("web")


def mount(app: FastAPI, web: Path = WEB) -> None:
    """Serve what is in `web`; without it `/` is the description of the routes."""

    @app.get("/docs", include_in_schema=False)
    async def docs() -> Response:
        return HTMLResponse(described(app.openapi()))

    if not (web / "index.html").is_file():
        app.add_api_route("/", docs, include_in_schema=False)
        return

    @app.get("/", include_in_schema=False)
    async def index() -> Response:
        return FileResponse(web / "index.html", headers={"Cache-Control": "no-cache"})

    app.mount("/web", GZipMiddleware(_Kept(directory=web)), name="web")


class _Kept(StaticFiles):
    """Files that a browser keeps, and asks about before it uses them again."""

    def file_response(self, *arguments: Any, **more: Any) -> Response:
        response = super().file_response(*arguments, **more)
        response.headers["Cache-Control"] = "no-cache"
        return response


def described(schema: dict[str, Any]) -> str:
    """An OpenAPI description as a page without script or style, which works offline."""
    rows = []
    for path, methods in schema["paths"].items():
        for method, what in methods.items():
            text = escape(what.get("description") or what.get("summary", ""))
            fields = "".join(f"<li>{field}</li>" for field in _fields(schema, what))
            rows.append(f"<dt><code>{method.upper()} {escape(path)}</code></dt><dd><p>{text}</p><ul>{fields}</ul></dd>")
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8"><title>rag: routes</title><h1>Routes of rag</h1>'
        '<p>The whole description for programs: <a href="/openapi.json">openapi.json</a>. An example:</p><pre>'
        f"{escape(_EXAMPLE)}</pre><dl>{''.join(rows)}</dl>"
    )


_EXAMPLE = """\
curl http://127.0.0.1:8000/api/ask -H 'Content-Type: application/json' -d '{"question": "why did Jasper decline"}'"""


def _fields(schema: dict[str, Any], what: dict[str, Any]) -> Iterator[str]:
    """What a route takes: each field with its type, whether it must be there, and what it means."""
    for one in what.get("parameters", ()):
        yield _field(one["name"], one["schema"], f"in the {one['in']}", one["required"])
    for content in what.get("requestBody", {}).get("content", {}).values():
        body = schema["components"]["schemas"][content["schema"]["$ref"].rsplit("/", 1)[1]]
        needed = body.get("required", ())
        for name, field in sorted(body["properties"].items(), key=lambda one: one[0] not in needed):
            yield _field(name, field, "in the body", name in needed)


def _field(name: str, field: dict[str, Any], where: str, required: bool) -> str:
    kinds = [one for one in field.get("anyOf", [field]) if one.get("type") != "null"]
    told = " or ".join(" | ".join(map(str, one.get("enum", ()))) or one.get("type", "object") for one in kinds)
    meant = field.get("description") or kinds[0].get("description", "")
    words = f"{where}, {told}{', required' if required else ''}. {meant}"
    return f"<code>{escape(name)}</code> {escape(words.strip())}"
