"""Which files a user means by the paths given."""

import os
import stat
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from rag.errors import NotFound, RagError
from rag.load.original import source_of, trouble

__all__ = ["STDIN", "SUFFIXES", "blame", "find", "suffix_of"]

STDIN = Path("-")
"""Stands for standard input."""

SUFFIXES = (".txt", ".md", ".markdown", ".html", ".htm", ".pdf", ".docx", ".epub", ".jsonl", ".jsonl.gz")
"""Files with these endings, in either case, are taken from folders; a file that is named is always taken."""


def suffix_of(path: Path) -> str:
    """The known ending of a file's name, "" where it has none.

    >>> suffix_of(Path("News.HTML")), suffix_of(Path("corpus.jsonl.gz")), suffix_of(Path("a.doc"))
    ('.html', '.jsonl.gz', '')
    """
    name = path.name.lower()
    return next((suffix for suffix in SUFFIXES if name.endswith(suffix)), "")


def find(paths: Iterable[str | Path], on_problem: Callable[[str, str], None]) -> Iterator[Path]:
    """The files behind `paths`, each once: in the order given, and inside of folders in order of name.

    Folders are walked to the bottom, through links too, and each folder once. Hidden files and folders, files of
    unknown kind, and those in which Word notes who has a file open are left out of folders. What cannot be entered
    inside of a folder goes to `on_problem(where, why)`; a path that is given and not there raises NotFound, before
    any file is found.
    """
    given = [Path.cwd() / "-" if path == "./-" else Path(path) for path in paths]
    missing = [path for path in given if path != STDIN and _status(path) is None]
    if missing:
        more = f" (and {len(missing) - 1} more)" if len(missing) > 1 else ""
        raise NotFound(f"{source_of(missing[0])}: no such file or folder{more}", "check the path")
    return _each_once(given, on_problem)


def _status(path: Path) -> os.stat_result | None:
    try:
        return path.stat()
    except PermissionError as problem:
        raise trouble(path, problem) from problem
    except (OSError, ValueError):
        return None


def _each_once(given: list[Path], on_problem: Callable[[str, str], None]) -> Iterator[Path]:
    entered: set[tuple[int, int]] = set()
    found: set[str] = set()
    for start in given:
        for path in _walk(start, entered, on_problem) if start != STDIN and start.is_dir() else (start,):
            # what one path leads to is found once, for each folder is entered once
            name = os.path.abspath(path) if len(given) > 1 else ""  # noqa: PTH100 - links stay, unlike in Path.resolve
            if not name or name not in found:
                found.add(name)
                yield path


def _walk(start: Path, entered: set[tuple[int, int]], on_problem: Callable[[str, str], None]) -> Iterator[Path]:
    waiting = [(start, False)]
    while waiting:
        path, is_file = waiting.pop()
        if is_file:
            if suffix_of(path):
                yield path
            continue
        try:
            status = path.stat()
            if stat.S_ISREG(status.st_mode):
                if suffix_of(path):
                    yield path
                continue
            # a link may lead back up, so a folder is known by its place on the disk
            if not stat.S_ISDIR(status.st_mode) or (place := (status.st_dev, status.st_ino)) in entered:
                continue
            entered.add(place)
            with os.scandir(path) as children:
                # the folder knows which are plain files, and so most need not be asked for their state
                names = sorted(
                    (
                        (child.name, child.is_file(follow_symlinks=False))
                        for child in children
                        if not child.name.startswith((".", "~$"))
                    ),
                    reverse=True,
                )
        except OSError as problem:
            if path == start:
                raise trouble(path, problem) from problem
            if suffix_of(path) or not path.is_symlink():
                on_problem(*blame(trouble(path, problem), source_of(path)))
            continue
        waiting.extend((path / name, is_file) for name, is_file in names)


def blame(error: RagError, source: str) -> tuple[str, str]:
    """Where and why, for `on_problem`: the error's message without the name of the file in it."""
    return source, str(error).removeprefix(f"{source}: ")
