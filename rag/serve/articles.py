"""Articles: listed, read, uploaded, removed and brought in step, the last three as jobs."""

from typing import Annotated

from fastapi import APIRouter, File, Query, Response, UploadFile
from fastapi.responses import JSONResponse

from rag.serve import schemas
from rag.serve.errors import Refused
from rag.serve.state import State
from rag.serve.uploads import keep

__all__ = ["routes"]

MOST_FILES = 100


def routes(state: State) -> APIRouter:
    """The routes, for the collections of `state`."""
    router = APIRouter()
    collection, work = state.collection, state.work

    @router.get("/api/documents", response_model=schemas.Documents)
    async def documents(
        index: Annotated[schemas.Name | None, Query()] = None,
        offset: Annotated[int, Query(ge=0, le=2**53)] = 0,
        limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    ) -> Response:
        """The articles of an index, in order of source."""
        where = collection(index)

        def read() -> Response:
            with where.reader() as library:
                total = library.index.truth.counts()[1]
                return JSONResponse({"total": total, "documents": library.documents(offset, limit)})

        return await work.run(read)

    @router.get("/api/documents/{doc_id:path}", response_model=schemas.Document)
    async def document(doc_id: str, index: Annotated[schemas.Name | None, Query()] = None) -> Response:
        """An article: the original, the cleaned text, and every edit between them."""
        where = collection(index)

        def read() -> Response:
            with where.reader() as library:
                one, page = library.document(doc_id)
            names = ("doc_id", "source", "title", "author", "site", "date", "url", "sha256", "encoding", "offsets")
            record = {name: getattr(one, name) for name in names} | {"original": one.text, "cleaned": page.text}
            edits = [{"start": e.start, "end": e.end, "new": e.new, "why": e.why} for e in page.edits]
            return JSONResponse(record | {"edits": edits})

        return await work.run(read)

    @router.post("/api/documents", status_code=202, response_model=schemas.Queued)
    async def upload(
        files: Annotated[list[UploadFile], File(max_length=MOST_FILES)],
        index: Annotated[schemas.Name | None, Query()] = None,
    ) -> Response:
        """Add articles, or change those that were uploaded under the same name; see `GET /api/jobs/{id}`.

        The body is `multipart/form-data` in which each file is a part of the name `files`.
        """
        where = collection(index)

        def store() -> Response:
            kept = [keep(file.file, file.filename or "", where.uploads) for file in files]
            return JSONResponse({"job": where.add(list(dict.fromkeys(kept))).id}, 202)

        return await work.run(store)

    @router.delete("/api/documents/{doc_id:path}", status_code=202, response_model=schemas.Queued)
    async def remove(doc_id: str, index: Annotated[schemas.Name | None, Query()] = None) -> Response:
        """Remove an article from an index, as a job.

        An uploaded file is deleted with the last article in it. A file in a folder that is served stays on the disk,
        and no refresh brings its article back until the file changes; to be rid of it for good, delete the file too.
        """
        where = collection(index)
        return JSONResponse({"job": (await work.run(lambda: where.remove(doc_id))).id}, 202)

    @router.post("/api/refresh", status_code=202, response_model=schemas.Queued)
    async def refresh(index: Annotated[schemas.Name | None, Query()] = None) -> Response:
        """Bring an index in step with the folders that the server was started with; they are not watched."""
        return JSONResponse({"job": collection(index).refresh().id}, 202)

    @router.get("/api/jobs/{job_id}", response_model=schemas.Job)
    async def job(job_id: str) -> Response:
        """How far a piece of work is."""
        for one in state.collections.values():
            if found := one.jobs.get(job_id):
                return JSONResponse(found.record())
        raise Refused(404, "no such job; the oldest are forgotten")

    return router
