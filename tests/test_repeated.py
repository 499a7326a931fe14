"""What a site repeats on its articles goes from all of them, in whatever order they come, and nothing else goes."""

import itertools
from pathlib import Path
from typing import Any

import pytest

from rag.clean import clean, common, edges, without
from rag.clean.repeated import REASON
from rag.library import Library
from rag.testing import HashedTerms

TOPICS = ["apples", "bridges", "clouds", "dragons", "engines"]
HEAD, FOOT = "Example Daily, the paper of the valley", "Our other papers are the Hill and the Lake"


def article(topic: str, *, furnished: bool = True) -> str:
    """A page on `topic`: its own title and paragraphs between two lines of the site."""
    paragraphs = [f"The {topic} of the valley were counted {word} the winter, and many of them were found {word} snow."
                  for word in ("before", "during")]  # fmt: skip
    own = [f"A report on {topic}", *paragraphs, f"What the {topic} need next"]
    return "\n\n".join([HEAD, *own, FOOT] if furnished else own)


def state(library: Library) -> dict[str, Any]:
    """What an index holds, without its numbers."""
    truth = library.index.truth
    documents = {}
    for source in truth.sources().values():
        for stored in truth.documents("path", source.path):
            documents[Path(source.path).name] = (stored.document.title, stored.edits, stored.document.text)
    keys = range(1, 2_000)
    texts = sorted((Path(one.source).name, one.title, one.text) for one in truth.passages(keys).values())
    return {"documents": documents, "passages": texts}


def fill(folder: Path, names: list[str]) -> None:
    folder.mkdir(exist_ok=True)
    for name in names:
        (folder / f"{name}.txt").write_text(article(name), encoding="utf-8")


def test_three_articles_and_a_fifth_of_all_make_a_line_known() -> None:
    pages = [edges(article(topic)) for topic in TOPICS]
    assert len(common(pages)) == 2
    assert common(pages[:2]) == frozenset()
    others = [edges(article(f"{topic} {n}", furnished=False)) for n in range(3) for topic in TOPICS]
    assert common(pages[:3] + others[:13]) == frozenset()
    assert len(common(pages[:3] + others[:12])) == 2


def test_versions_of_one_article_keep_their_title() -> None:
    drafts = [article("apples", furnished=False) + f"\n\nVersion {n}" for n in range(5)]
    assert common(map(edges, drafts)) == frozenset()


def test_a_heading_between_paragraphs_stays() -> None:
    pages = [
        f"Title {n}\n{'one ' * 30}{n}\nThe same heading\n{'two ' * 30}{n}\nThe same foot\nOf issue {n}"
        for n in range(5)
    ]
    page = without(clean(pages[0]), common(map(edges, pages)))
    assert [edit.why for edit in page.edits if REASON in edit.why] == [REASON]
    assert "The same heading" in page.text and "The same foot" not in page.text


def test_repeated_lines_go_from_the_index_and_what_is_left_is_cited(library: Library, tmp_path: Path) -> None:
    fill(tmp_path / "site", TOPICS)
    library.add(tmp_path / "site")
    texts = [text for _, _, text in state(library)["passages"]]
    assert texts and not any(HEAD in text or FOOT in text for text in texts)
    hit = library.search("dragons of the valley counted during the winter")[0]
    assert hit.title == "A report on dragons"
    answer = library.ask("when were the dragons of the valley counted")
    assert not answer.refused and all(citation.verified for citation in answer.citations)
    for citation in answer.citations:
        raw = Path(citation.source).read_text(encoding="utf-8")
        assert raw[citation.start : citation.end] == citation.quote
        assert clean(citation.quote).text == citation.text


def test_changes_of_a_file_are_those_of_its_index(library: Library, tmp_path: Path) -> None:
    fill(tmp_path / "site", TOPICS)
    library.add(tmp_path / "site")
    file = tmp_path / "site" / "apples.txt"
    [(_, page)] = library.pages(str(file))
    [stored] = library.index.truth.documents("path", file.as_posix())
    assert page.edits == stored.edits
    assert sum(REASON in edit.why for edit in page.edits) == 2


@pytest.mark.parametrize("parts", [[5], [1, 1, 1, 1, 1], [2, 3], [4, 1]])
def test_the_order_of_adding_does_not_matter(tmp_path: Path, parts: list[int]) -> None:
    fill(tmp_path / "site", TOPICS)
    states = []
    for number, names in enumerate((TOPICS, TOPICS[::-1])):
        with Library(tmp_path / f"index{number}", embedder=HashedTerms()) as library:
            rest = iter(names)
            for part in parts:
                library.add(*(tmp_path / "site" / f"{name}.txt" for name in itertools.islice(rest, part)))
            states.append(state(library))
            generation = library.index.truth.generation
            library.add(tmp_path / "site")
            assert (state(library), library.index.truth.generation) == (states[-1], generation), "twice is once"
            assert library.status()["sound"]
    with Library(tmp_path / "whole", embedder=HashedTerms()) as library:
        library.add(tmp_path / "site")
        assert states == [state(library)] * 2
    assert not any(HEAD in text for _, _, text in states[0]["passages"])


def test_a_line_comes_back_when_too_few_articles_are_left(library: Library, tmp_path: Path) -> None:
    fill(tmp_path / "site", TOPICS[:3])
    library.add(tmp_path / "site")
    assert not any(HEAD in text for _, _, text in state(library)["passages"])
    (tmp_path / "site" / "clouds.txt").unlink()
    library.add(tmp_path / "site")
    held = state(library)
    assert any(HEAD in text for _, _, text in held["passages"]) or held["documents"]["apples.txt"][0] == HEAD
    assert all(not edits for _, edits, _ in held["documents"].values())


def test_records_and_other_folders_teach_nothing(library: Library, tmp_path: Path) -> None:
    for number, topic in enumerate(TOPICS):
        folder = tmp_path / "all" / str(number)
        folder.mkdir(parents=True)
        (folder / "a.txt").write_text(article(topic), encoding="utf-8")
    library.add(tmp_path / "all")
    assert library.index.truth.sites() and all(not edits for _, edits, _ in state(library)["documents"].values())
