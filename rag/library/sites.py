"""What the sites repeat on their articles: learned from the index and from a sample of the files that come to it."""

import os
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from rag.clean import GUESSED, clean, common, edges
from rag.errors import RagError
from rag.index import Staged, Stored, Truth
from rag.library.embedded import Models, vectors_and_looks
from rag.library.passages import prepare
from rag.load import STDIN, read, source_of
from rag.types import Document, Edges

__all__ = ["SETTLED", "Sites", "clean_again", "location_of", "site_of"]

SETTLED = "settled"
"""Noted of an index: from each of its pages all lines have been taken out that their sites repeat, and no others."""

_TOGETHER = 64  # documents that are cleaned again in one transaction
_SAMPLE = 30  # files of one folder: a line that a fifth of them have is very likely on three of these


def location_of(path: Path) -> str:
    """The absolute path, one character for each of its bytes: not every name is UTF-8."""
    if str(path) == "-":  # in a third of the time of a comparison of paths
        return "-"
    name = os.path.abspath(path)  # noqa: PTH100 - links stay, unlike in Path.resolve
    return name if name.isascii() else os.fsencode(name).decode("latin-1")


def site_of(document: Document, location: str) -> str:
    """The host that an article is from, else the folder of its file; empty for a record and for standard input."""
    if document.kind == "record" or location == "-":
        return ""
    return document.host or os.path.dirname(location) or os.sep  # noqa: PTH120 - no path of this system


class Sites:
    """The keys of the lines that each site repeats, as they are known when files are added.

    A sample of the new files is read first, so that few articles have to be cleaned and embedded twice.
    """

    def __init__(self, truth: Truth, fresh: Iterable[Path]) -> None:
        self._truth = truth
        self._known: dict[str, frozenset[int]] = {}
        self._sample: dict[str, list[Edges]] = {}
        folders: dict[Path, list[Path]] = {}
        for path in fresh:
            if path != STDIN and not path.name.endswith((".jsonl", ".jsonl.gz")):
                folders.setdefault(path.parent, []).append(path)
        for paths in folders.values():
            if len(paths) > 2:
                self._learn(paths[:: -(-len(paths) // _SAMPLE)])

    def _learn(self, paths: Sequence[Path]) -> None:
        for path in paths:
            try:
                for document in read(path, source_of(path), lambda *_: None):
                    site = site_of(document, location_of(path))
                    self._sample.setdefault(site, []).append(edges(clean(document.text, document.kind).text))
            except (RagError, OSError):
                continue  # who adds the file will say so

    def known(self, site: str) -> frozenset[int]:
        """Keys for `site`; the same answer as long as this object lives."""
        if site and site not in self._known:
            sample = self._sample.get(site, ())
            if not sample and self._truth.meta.get("sites") == SETTLED:
                self._known[site] = self._truth.dropped(site)  # the same, without a look at every page
            else:
                self._known[site] = common([*self._truth.edges(site).values(), *sample])
        return self._known.get(site, frozenset())


def clean_again(truth: Truth, staging: Staged, models: Models, seen: int) -> None:
    """Clean anew the articles of which their site is now known to repeat more lines, or fewer.

    So the state of an index depends on the articles in it and not on the order in which they came.
    """
    if truth.meta.get("sites") == SETTLED:
        return
    for site in truth.sites():
        pages = truth.edges(site)
        known = common(pages.values())
        others = [key for key, page in pages.items() if page.keys & known != page.dropped]
        for at in range(0, len(others), _TOGETHER):
            with staging.transaction():
                work = []
                for number in others[at : at + _TOGETHER]:
                    old, source_key, source = truth.document(number)
                    new, passages = prepare(_as_found(old), site, known)
                    work.append((source_key, source, replace(new, found=old.found), passages))
                ready = vectors_and_looks(staging, [(source, new, own) for _, source, new, own in work], models)
                for (source_key, _, new, passages), own in zip(work, ready, strict=True):
                    staging.put_document(source_key, new, passages, own, seen)
    staging.note(sites=SETTLED)


def _as_found(old: Stored) -> Document:
    """A stored document, without the title that cleaning found: another line may be its title now."""
    document = old.document
    origin = document.provenance.get("title")
    if not origin or origin.where not in GUESSED:
        return document
    provenance = {name: one for name, one in document.provenance.items() if name != "title"}
    return replace(document, title="", provenance=provenance)
