"""Other tools for the same work, where they are installed: `pip install 'rag[bench]'`."""

from collections.abc import Callable
from importlib import import_module
from importlib.metadata import version
from importlib.util import find_spec

__all__ = ["charset_normalizer", "ftfy", "installed", "trafilatura"]

_PACKAGES = {"ftfy": "ftfy", "trafilatura": "trafilatura", "charset_normalizer": "charset-normalizer"}


def installed() -> dict[str, str]:
    """Name and version of each tool that is here."""
    return {name: version(name) for module, name in _PACKAGES.items() if find_spec(module)}


def ftfy() -> Callable[[str], str] | None:
    """`ftfy.fix_text` as it comes."""
    if not find_spec("ftfy"):
        return None
    fix: Callable[[str], str] = import_module("ftfy").fix_text
    return fix


def trafilatura() -> Callable[[str], str] | None:
    """The main text of an HTML page by `trafilatura.extract` as it comes, without the comments."""
    if not find_spec("trafilatura"):
        return None
    extract = import_module("trafilatura").extract
    return lambda page: extract(page, include_comments=False) or ""


def charset_normalizer() -> Callable[[bytes], str] | None:
    """The text of bytes in the encoding that charset-normalizer likes best, "" where it likes none."""
    if not find_spec("charset_normalizer"):
        return None
    from_bytes = import_module("charset_normalizer").from_bytes
    return lambda data: str(from_bytes(data).best() or "")
