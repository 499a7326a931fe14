"""The step for text that was decoded with the wrong code page.

A stretch of it is encoded again as it was wrongly decoded, and decoded as it should have been. It is judged by itself:
by the byte patterns of UTF-8, or by how much likelier its characters become. Where a byte was lost and more than one
would fit, U+FFFD stands for all to see.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache

from rag import likely
from rag.clean import gbk
from rag.clean.traced import TracedText
from rag.types import Edit

__all__ = ["signs", "wrong_code_page"]

_ROUNDS = 3  # text is spoiled once or twice
_GAIN = 10.0  # nats by which a stretch must become likelier
_STRANGE = 9.5  # nats for each character outside ASCII, above which the result is no prose either
_STOPS = "。！？；"


def signs() -> str:
    """A pattern of one character, which is in every text that was decoded wrongly."""
    return f"{gbk.first()}|{_WESTERN_SIGN}|{_betrayers().pattern}"


def wrong_code_page(text: str) -> Iterator[Edit]:
    """Decodes again what was UTF-8, GBK or Big5 and was decoded as another of these or as Western (cp1252, Latin-1).

    >>> [(edit.new, edit.why) for edit in wrong_code_page("It鈥檚 sunny. 鍥藉唴 å›½å†… ok")]
    [('’s', 'UTF-8 read as GBK'), ('国内', 'UTF-8 read as GBK'), ('国内', 'UTF-8 read as cp1252')]
    """
    page = TracedText(text)
    for _ in range(_ROUNDS):
        after = page.apply(_utf8_as_gbk(page.text))
        if _WESTERN.search(after.text):
            after = after.apply(_pairs_as_western(after.text))
            after = after.apply(_utf8_as_western(after.text))
        after = after.apply(_pairs_as_pairs(after.text))
        if after is page:
            break
        page = after
    yield from page.edits


Read = Callable[[str], str]


def _edits(text: str, start: int, cuts: Iterable[int], read: Read, why: str) -> Iterator[Edit]:
    """Edits that make `read(stretch)` of the stretch from `start` to the last of `cuts`, where that is likelier.

    One edit goes to the first of the `cuts`, which are sentence ends, at which it is likelier by itself: a citation of
    a sentence is then not widened to the paragraph, and cleans alike when it stands alone.
    """
    done: Edit | None = None
    least = end = start
    for end in cuts:
        if end < least:
            continue  # looked at only when it has doubled, so that all looks together take linear time
        new = read(text[start:end])
        if _likelier(text[start:end], new):
            if done:
                yield done
            done = Edit(start, end, new, why)
            start = least = end
        else:
            least = 2 * end - start
    if done and start < end:
        new = read(text[start:end])
        if _likelier(text[start:end], new):
            yield done
            done = Edit(start, end, new, why)
        else:
            done = Edit(done.start, end, read(text[done.start : end]), why)
    elif start < end and end < least and _likelier(text[start:end], new := read(text[start:end])):
        done = Edit(start, end, new, why)
    if done:
        yield done


def _likelier(old: str, new: str) -> bool:
    strange = likely.strangeness(new.replace("\ufffd", ""))
    return strange <= _STRANGE and likely.of(new) - likely.of(old) >= _GAIN


def _utf8_as_gbk(text: str) -> Iterator[Edit]:
    for start, cuts in gbk.utf8_stretches(text, _STOPS):
        yield from _edits(text, start, cuts, gbk.as_utf8, "UTF-8 read as GBK")


# --- read as cp1252 or Latin-1: one character for each byte ----------------------------------------------------------

_WESTERN_SIGN = "[¡-þ]"
_WESTERN = re.compile(_WESTERN_SIGN + "[^\x00-\x3f]")  # a cheap look: no other stretch is one of these
_BYTE = {ord(bytes((byte,)).decode("cp1252", "ignore") or chr(byte)): byte for byte in range(0x80, 0xA0)}
"""The characters that cp1252 has for 0x80 to 0x9F, to these bytes; the five that it has not are C1 controls."""
_C1 = "\x80-\x9f" + "".join(map(chr, _BYTE))
_MORE = f"{_C1}\xa0-\xbf"
_UTF8_GATE = re.compile(f"[Â-ô][{_MORE}]")
_UTF8 = re.compile(
    f"(?P<whole>[Â-ß][{_MORE}]|[á-ï][{_MORE}]{{2}}|[ð-ô][{_MORE}]{{3}}|â€(?![{_MORE}]))"
    f"|(?P<broken>[ã-ï](?:[{_MORE}]\x20|\x20[{_MORE}]|[{_MORE}]?(?=[â-ï][{_MORE}])))"
)
_HOLES = b"\x81\x8d\x8f\x90\x9d"  # without a character in cp1252, so that some decoders drop them
_NATURAL = frozenset("\xa0«»“”‘’‹›…–—")  # may stand behind an accented letter
_SIGNS = _NATURAL | frozenset("¹²³°ª®™©§€£")
_OPENING = frozenset("\"'([«»“‘„‹")


def _bytes(western: str) -> bytes:
    return western.translate(_BYTE).encode("latin-1")


def _utf8_as_western(text: str) -> Iterator[Edit]:
    first = _UTF8_GATE.search(text)
    run: list[re.Match[str]] = []
    for found in _UTF8.finditer(text, max(0, first.start() - 8)) if first else ():
        if run and run[-1].end() != found.start():
            yield from _utf8_run(text, run)
            run = []
        run.append(found)
    yield from _utf8_run(text, run)


def _utf8_run(text: str, run: list[re.Match[str]]) -> Iterator[Edit]:
    """Two whole sequences prove each other; one is looked at with its neighbours."""
    why = "UTF-8 read as cp1252"
    if len(run) == 1 and run[0]["whole"] and _is_no_western(text, run[0]):
        yield Edit(run[0].start(), run[0].end(), _from_western(run[0]), why)
    start, new, whole = -1, "", 0
    done: Edit | None = None
    for found in run:
        start = found.start() if start < 0 else start
        new += _from_western(found)
        whole += found["whole"] is not None
        if whole >= 2 and (new[-1] in _STOPS or found is run[-1]):
            if done:
                yield done
            done, start, new, whole = Edit(start, found.end(), new, why), -1, "", 0
    if done:
        yield Edit(done.start, run[-1].end(), done.new + new, why)


def _is_no_western(text: str, found: re.Match[str]) -> bool:
    """Whether what a single sequence would be in UTF-8 is likelier than an accented letter and a sign behind it."""
    old = found[0]
    before, behind = text[max(0, found.start() - 1) : found.start()], text[found.end() : found.end() + 1]
    if len(old) > 2:  # natural is a footnote: “été”²
        in_word = before == "" or before.isspace() or before.isalpha() or before in _OPENING
        return len(old) == 4 or not (in_word and old[1] in _NATURAL and old[2] in _SIGNS)
    if old[0] not in "ÂÃ":
        return old == "â€" or (old in ("Å“", "Å’") and behind.islower() and before not in _OPENING)
    if (old[0] == "Â" and not "\xa0" <= old[1] <= "\xbf") or (before.isupper() and old[1] in _NATURAL):
        return False  # “MANHÔ
    if before in _OPENING or (old[0] == "Ã" and old[1] in "«»“”‘’›…–"):
        return before.islower() or behind.islower()
    return True


def _from_western(found: re.Match[str]) -> str:
    """The character of a sequence of UTF-8; of a broken one the only likely character, U+FFFD where there are more."""
    if found["whole"]:
        return "”" if found[0] == "â€" else _bytes(found[0]).decode("utf-8", "replace")
    data = _bytes(found[0].replace(" ", "\xa0"))
    if len(data) == 3:
        return data.decode("utf-8", "replace")
    if len(data) == 1:
        return "\ufffd"
    holes = [bytes((hole,)) for hole in _HOLES]
    return gbk.surest((*(data[:1] + hole + data[1:] for hole in holes), *(data + hole for hole in holes)))


_HIGH, _TRAIL = f"[{_MORE}À-þ]", f"[\x40-\x7e{_MORE}À-þ]"
_PAIRS_GATE = re.compile(f"[¡-þ](?:{_HIGH}[¡-þ]{_HIGH}|{_TRAIL}(?:[¡-þ]{_TRAIL}){{3}})")  # not in “généré”
_WESTERN_LINE = re.compile(f"[\t\x20-\x7e{_MORE}À-ÿ]+")
_PAIR = re.compile(rb"[\x81-\xfe][\x40-\x7e\x80-\xfe]|[\x80-\xff]")


def _lines(text: str, gate: re.Pattern[str], stretch: re.Pattern[str]) -> Iterator[re.Match[str]]:
    """The matches of `stretch`, which has no newline, that have one of `gate` in them."""
    done = 0
    for hit in gate.finditer(text):
        if hit.start() < done:
            continue
        start = text.rfind("\n", done, hit.start()) + 1 or done
        done = text.find("\n", hit.start())
        done = len(text) if done < 0 else done
        yield from (found for found in stretch.finditer(text, start, done) if gate.search(found[0]))


def _pairs_as_western(text: str) -> Iterator[Edit]:
    for line in _lines(text, _PAIRS_GATE, _WESTERN_LINE):
        data = _bytes(line[0])
        name, codec = max(_CODECS, key=lambda codec: likely.of(data.decode(codec[1], "replace")))
        stops = {stop.encode(codec) for stop in _STOPS}
        pairs = list(_PAIR.finditer(data))
        cuts = [line.start() + pair.end() for pair in pairs if pair[0] in stops or pair is pairs[-1]]

        def read(old: str, codec: str = codec) -> str:
            return _bytes(old).decode(codec, "replace")

        yield from _edits(text, line.start() + pairs[0].start(), cuts, read, f"{name} read as cp1252")


# --- GBK and Big5 read as each other: one character for each ---------------------------------------------------------

_CODECS = (("GBK", "gb18030"), ("Big5", "cp950"))
_BETRAYERS = 100


@lru_cache(maxsize=1)
def _betrayers() -> re.Pattern[str]:
    """What the commonest characters become when they are read wrongly, if it is something that hardly occurs."""
    (_, gb), (_, big5) = _CODECS
    simplified, traditional = likely.commonest(_BETRAYERS)
    wrong = simplified.encode(gb).decode(big5, "ignore") + traditional.encode(big5, "ignore").decode(gb, "ignore")
    return re.compile("[\ue000-\ue765ㄛㄩ﹝" + "".join(one for one in wrong if likely.of(one) < -14) + "]")


_PLAIN_LINE = re.compile("[^\n\ufffd]{6,}")  # “籬笆” alone may be two common characters in Big5


def _pairs_as_pairs(text: str) -> Iterator[Edit]:
    for line in _lines(text, _betrayers(), _PLAIN_LINE):
        for (name, codec), (wrong_name, wrong) in (_CODECS, _CODECS[::-1]):

            def read(old: str, wrong: str = wrong, codec: str = codec) -> str:
                try:
                    return old.encode(wrong).decode(codec, "replace")
                except UnicodeEncodeError:
                    return old

            edits = tuple(_edits(text, line.start(), [line.end()], read, f"{name} read as {wrong_name}"))
            yield from edits
            if edits:
                break
