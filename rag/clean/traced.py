"""Text that remembers where it came from."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from functools import cached_property

from rag.types import Edit, Span

__all__ = ["TracedText"]


class TracedText:
    """A text and the edits that made it out of `raw`; immutable.

    The edits are the whole memory: sorted, disjoint, in offsets of `raw`. Explanation, replay and the way back to the
    source all follow from them. Every character of an edit's `new` stands for the whole stretch that it replaced.

    >>> note = TracedText("當(dāng)前位置").apply([Edit(1, 7, "", "pinyin note")])
    >>> note.text, note.to_raw(Span(0, 2))
    ('當前位置', Span(start=0, end=8))
    """

    def __init__(self, raw: str, edits: Iterable[Edit] = ()) -> None:
        self.raw = raw
        self.edits = tuple(edits)
        starts, ends, at = [], [], 0
        pieces: list[str] = []
        kept_to = 0
        for edit in self.edits:
            if not kept_to <= edit.start <= edit.end <= len(raw):
                raise ValueError(f"edits must be sorted, disjoint and inside the text: {edit}")
            pieces += (raw[kept_to : edit.start], edit.new)
            at += edit.start - kept_to
            starts.append(at)
            at += len(edit.new)
            ends.append(at)
            kept_to = edit.end
        pieces.append(raw[kept_to:])
        self._starts, self._ends = starts, ends  # where each edit's `new` lies in `text`
        self._pieces = pieces

    @cached_property
    def text(self) -> str:
        """The text after all edits."""
        return "".join(self._pieces)

    @cached_property
    def _raw_starts(self) -> list[int]:
        return [edit.start for edit in self.edits]

    @property
    def written(self) -> tuple[Span, ...]:
        """Where in `text` each edit wrote what it has in `new`."""
        return tuple(map(Span, self._starts, self._ends))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, TracedText) and (self.raw, self.edits) == (other.raw, other.edits)

    def __hash__(self) -> int:
        return hash((self.raw, self.edits))

    def __repr__(self) -> str:
        return f"TracedText({len(self.raw)} characters, {len(self.edits)} edits)"

    def _raw_of(self, at: int) -> Span:
        """The stretch of `raw` for which the character `text[at]` stands."""
        before = bisect_right(self._ends, at)
        if before < len(self.edits) and self._starts[before] <= at:
            return Span(self.edits[before].start, self.edits[before].end)
        raw = at + (self.edits[before - 1].end - self._ends[before - 1] if before else 0)
        return Span(raw, raw + 1)

    def to_raw(self, span: Span) -> Span:
        """The shortest stretch of `raw` that holds everything `span` of `text` stands for.

        An empty span gives an empty one. Raises ValueError when `span` is not inside `text`.
        """
        if not 0 <= span.start <= span.end <= len(self.text):
            raise ValueError(f"{span} is not inside a text of {len(self.text)} characters")
        if span.start == span.end:
            raw = self._raw_of(span.start).start if span.start < len(self.text) else len(self.raw)
            return Span(raw, raw)
        return Span(self._raw_of(span.start).start, self._raw_of(span.end - 1).end)

    def to_text(self, raw: Span) -> Span:
        """The stretch of `text` that came from `raw`, a stretch of the original; empty if all of it was deleted."""
        return Span(self._text_at(raw.start, end=False), self._text_at(raw.end, end=True))

    def _text_at(self, raw: int, *, end: bool) -> int:
        at = bisect_right(self._raw_starts, raw if not end else raw - 1) - 1
        if at < 0:
            return raw
        edit = self.edits[at]
        if raw < edit.end or (end and raw == edit.end):
            return self._ends[at] if end else self._starts[at]
        return raw - edit.end + self._ends[at]

    def widen(self, span: Span) -> Span:
        """`span` of `text`, widened until it cuts no edit in two, so that its quote can be cleaned by itself."""
        start, end = span.start, span.end
        at = bisect_right(self._ends, start)
        if at < len(self.edits) and self._starts[at] < start:
            start = self._starts[at]
        at = bisect_right(self._ends, end - 1) if end > start else len(self.edits)
        if at < len(self.edits) and self._starts[at] < end:
            end = self._ends[at]
        return Span(start, end)

    def apply(self, edits: Iterable[Edit]) -> "TracedText":
        """The text after `edits`, given in offsets of `text`, sorted and disjoint.

        An edit that touches what an earlier edit wrote is merged with it, and both reasons are kept.
        """
        text = self.text
        fresh = [edit for edit in edits if edit.new != text[edit.start : edit.end]]
        if not fresh:
            return self
        if not self.edits:
            return TracedText(self.raw, fresh)
        merged: list[Edit] = []
        done = 0  # earlier edits already carried over
        position = 0
        while position < len(fresh):
            start, end = fresh[position].start, fresh[position].end
            before = bisect_right(self._ends, start, lo=done)
            if before == len(self.edits) or self._starts[before] >= end:  # the common case: it touches no earlier edit
                merged += self.edits[done:before]
                done = before
                shift = self.edits[before - 1].end - self._ends[before - 1] if before else 0
                alone = fresh[position]
                merged.append(Edit(start + shift, end + shift, alone.new, alone.why) if shift else alone)
                position += 1
                continue
            last = position
            while True:  # widen to whole earlier edits, take in the fresh edits that this reaches, repeat
                wide = self.widen(Span(start, end)) if end > start else self._widen_point(start)
                start, end = wide.start, wide.end
                if last + 1 < len(fresh) and fresh[last + 1].start < end:
                    last += 1
                    end = max(end, fresh[last].end)
                else:
                    break
            first, behind = self._inside(start, end)
            merged += self.edits[done:first]
            done = max(behind, done)
            group = fresh[position : last + 1]
            parts: list[str] = []
            kept_to = start
            for edit in group:
                parts += (text[kept_to : edit.start], edit.new)
                kept_to = edit.end
            parts.append(text[kept_to:end])
            reasons = dict.fromkeys([*(e.why for e in self.edits[first:behind]), *(e.why for e in group)])
            raw = self.to_raw(Span(start, end))
            merged.append(Edit(raw.start, raw.end, "".join(parts), " + ".join(reasons)))
            position = last + 1
        merged += self.edits[done:]
        return TracedText(self.raw, merged)

    def _widen_point(self, at: int) -> Span:
        """Where an insertion falls inside what an earlier edit wrote, all that it wrote."""
        edit = bisect_right(self._ends, at)
        if edit < len(self.edits) and self._starts[edit] < at:
            return Span(self._starts[edit], self._ends[edit])
        return Span(at, at)

    def _inside(self, start: int, end: int) -> tuple[int, int]:
        """Indices of the edits whose writing lies inside `[start, end)`; deletions on its borders stay outside."""
        first = bisect_right(self._ends, start)
        return first, first if end <= start else bisect_left(self._starts, end, lo=first)
