"""What is worked out of a passage's text when it is indexed: its vector, and what the second look needs."""

import hashlib
import json
from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from rag.index import NewPassage, Source, Staged, Stored, embedding_text, packed_look
from rag.index.contents import content_key
from rag.index.rows import written
from rag.index.truth import Reused
from rag.late import looked, parts_of
from rag.protocols import Embedder, Floats, Pooling, WordEmbedder
from rag.types import Document

__all__ = ["Models", "digest", "embedded", "vectors_and_looks"]

Models = tuple[Embedder, WordEmbedder]
"""For vectors, and for the second look."""

_ENDS = frozenset("。！？!?；;…．.”’」』》）)")


def digest(document: Document) -> bytes:
    """Of all that a document was loaded with, but where it stands: it differs whenever the document does."""
    fields = [document.sha256, document.encoding, document.kind, document.title, document.date, document.url]
    fields += [document.author, document.site, json.dumps(dict(document.metadata)), written(document.provenance)]
    return hashlib.blake2b(json.dumps(fields).encode(), digest_size=16).digest()


def vectors_and_looks(
    staging: Staged, work: Sequence[tuple[Source, Stored, list[NewPassage]]], models: Models
) -> list[list[Reused]]:
    """For each document, the packed vector and look of each of its passages; empty where its content is there already.

    What a passage of the document's former state holds is taken over where text, sentences and title are the same.
    """
    ready: list[list[Reused | None]] = []
    fresh: list[tuple[str, NewPassage]] = []
    keys = set()
    for source, stored, passages in work:
        key = content_key(stored)
        known = key in keys or staging.content(key) is not None
        keys.add(key)
        kept = {} if known or not passages else staging.reusable(source.location, stored)
        own = [] if known else [kept.get((one.text, one.packed_sentences)) for one in passages]
        ready.append(own)
        fresh += [(stored.document.title, one) for one, found in zip(passages, own, strict=False) if found is None]
    vectors, looks = embedded(fresh, *models)
    made = zip((one.tobytes() for one in vectors.astype(np.float16)), looks, strict=True)
    return [[one if one is not None else next(made) for one in own] for own in ready]


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
