"""What trafilatura and htmldate make of a whole HTML page. Nothing else imports them, and both ask no network here."""

import logging
from typing import Final

__all__ = ["fields", "main_lines"]

_LOUD: Final = ("trafilatura", "htmldate", "courlan", "justext")


def main_lines(page: str) -> list[str]:
    """The lines of the page's main text, tables and lists included, comments not; none where it finds none."""
    import trafilatura  # not below: that it is not installed whole must not pass for a strange page

    _be_quiet()
    try:
        # recall: what is left of a menu can still be met by the steps on lines, what is lost is lost
        text = trafilatura.extract(page, favor_recall=True, include_comments=False, include_tables=True)
    except Exception:  # a parser that meets a stranger's page; the page is then read without it
        logging.getLogger("rag").debug("trafilatura failed", exc_info=True)
        return []
    rows = (  # as a whole and cell by cell, for not every row stays one
        [line, *line.split("|")] if line.startswith("| ") else [line] for line in (text or "").split("\n")
    )
    return [one for row in rows for one in row]


def fields(page: str) -> dict[str, str]:
    """The page's `title`, `author`, `site` and `date` (ISO, to the day), those that are found."""
    from trafilatura.metadata import extract_metadata

    _be_quiet()
    try:
        # not extensive: a year of a copyright line is no date
        found = extract_metadata(page, date_config={"original_date": True, "extensive_search": False})
    except Exception:
        logging.getLogger("rag").debug("trafilatura failed", exc_info=True)
        return {}
    named = {"title": found.title, "author": found.author, "site": found.sitename, "date": found.date}
    return {name: " ".join(value.split()) for name, value in named.items() if value}


def _be_quiet() -> None:
    """They complain of each odd page; a handler that does nothing keeps that from standard error."""
    for name in _LOUD:
        if not (logger := logging.getLogger(name)).handlers:
            logger.addHandler(logging.NullHandler())
