"""What is worked out of a passage's text when it is indexed: its vector, and what the second look needs."""

from collections.abc import Sequence
from itertools import pairwise

from rag.index import NewPassage, embedding_text, packed_look
from rag.late import looked, parts_of
from rag.protocols import Embedder, Floats, Pooling, WordEmbedder

__all__ = ["embedded"]

_ENDS = frozenset("。！？!?；;…．.”’」』》）)")


def embedded(
    passages: Sequence[tuple[str, NewPassage]], embedder: Embedder, words: WordEmbedder
) -> tuple[Floats, list[bytes]]:
    """Vectors and packed looks of passages that come with the titles of their articles."""
    texts = [passage.text for _, passage in passages]
    parts = [parts_of(title, passage.text, passage.sentences) for title, passage in passages]
    looks = looked(texts, parts, words)
    whole = [embedding_text(title, passage.text) for title, passage in passages]
    packed = [packed_look(look, words.fingerprint) for look in looks]
    if embedder is words and isinstance(embedder, Pooling):
        with_title = [own != text for own, text in zip(whole, texts, strict=True)]
        numbers = [look.pieces if title else look.of_text for look, title in zip(looks, with_title, strict=True)]
        for at, (_, passage) in enumerate(passages):
            if not _apart(passage):
                numbers[at] = embedder.numbers([whole[at]])[0]
        return embedder.pooled(numbers), packed
    return embedder.embed_passages(whole), packed


def _apart(passage: NewPassage) -> bool:
    """Whether the pieces of the sentences are surely those of the text: no word goes from one into the next."""
    text, spans = passage.text, passage.sentences
    return (
        bool(spans)
        and not text[: spans[0].start].strip()
        and not text[spans[-1].end :].strip()
        and all(
            text[a.end : b.start].isspace() or (a.end == b.start and text[a.end - 1] in _ENDS)
            for a, b in pairwise(spans)
        )
    )
