"""The web page at `/`, its files under `/web`, and the description of the routes for people at `/docs`."""

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
            rows.append(f"<dt><code>{method.upper()} {escape(path)}</code></dt><dd>{text}</dd>")
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8"><title>rag: routes</title><h1>Routes of rag</h1>'
        f'<p>The whole description for programs: <a href="/openapi.json">openapi.json</a></p><dl>{"".join(rows)}</dl>'
    )
