"""What is written about the program is true: notebooks run, README's commands and files exist."""

import re
from pathlib import Path

import nbformat
import pytest
from conftest import ROOT
from nbclient import NotebookClient

NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::RuntimeWarning")
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebooks_run(path: Path) -> None:
    notebook = nbformat.read(path, as_version=4)
    NotebookClient(notebook, timeout=120, resources={"metadata": {"path": str(ROOT)}}).execute()


def test_links_and_paths_in_the_documents_exist() -> None:
    for name in ("README.md", "CONTRIBUTING.md"):
        text = (ROOT / name).read_text(encoding="utf-8")
        for target in re.findall(r"\]\(([^)#:]+)\)", text):
            assert (ROOT / target).exists(), f"{name} links to {target}"


def test_no_file_names_a_machine() -> None:
    for path in [*ROOT.glob("*.md"), *ROOT.glob("rag/**/*.md"), *ROOT.glob("rag/**/*.py"), *ROOT.glob("notebooks/*")]:
        if path.is_file():
            assert not re.search(r"/(?:home|root|work)/\w", path.read_text(encoding="utf-8")), path
