"""Text decoded with the wrong code page comes back; what only looks odd stays."""

from itertools import pairwise
from time import process_time

import pytest

from rag.clean import TracedText, clean
from rag.clean.codepage import wrong_code_page
from rag.types import Span

SIMPLIFIED = (
    "村口的面馆开了二十三年，老板姓孙，早上五点就起来和面。“城里的水太硬！”他说——煮出来的面没有嚼头，退货的也不少。"
)
TRADITIONAL = (
    "港邊的舊書店只有兩個人，一個管進貨，一個管聊天。管聊天的那位姓葉，從前在船上當過廚師，說起各地的天氣總是很準。"
)
ENGLISH = "It’s “good” — she didn’t say more… café à la crème, 3 × 4 °C, Ärger, cœur, « oui »"


def as_cp1252(data: bytes) -> str:
    """As browsers do: a byte that cp1252 has not is a control character."""
    return "".join(bytes((byte,)).decode("cp1252", "ignore") or chr(byte) for byte in data)


def as_cp936(data: bytes) -> str:
    """As Windows does: 0x80 alone is the euro sign."""
    text, at = "", 0
    while at < len(data):
        size = 1 if data[at] <= 0x80 else 2
        text += "€" if data[at] == 0x80 else data[at : at + size].decode("gb18030", "replace")
        at += size
    return text


def even(text: str) -> str:
    """With an even number of bytes in UTF-8, so that GBK loses none at the end."""
    return text + "好" * (len(text.encode()) % 2)


def mended(text: str) -> str:
    return TracedText(text).apply(wrong_code_page(text)).text


SPOILED = {
    "UTF-8 read as GBK": (as_cp936(even(SIMPLIFIED).encode()), even(SIMPLIFIED)),
    "UTF-8 read as GBK, Traditional": (as_cp936(even(TRADITIONAL).encode()), even(TRADITIONAL)),
    "UTF-8 read as cp1252": (as_cp1252(SIMPLIFIED.encode()), SIMPLIFIED),
    "UTF-8 read as Latin-1": (TRADITIONAL.encode().decode("latin-1"), TRADITIONAL),
    "UTF-8 read as cp1252, twice": (as_cp1252(as_cp1252(SIMPLIFIED.encode()).encode()), SIMPLIFIED),
    "UTF-8 read as cp1252, English": (as_cp1252(ENGLISH.encode()), ENGLISH),
    "UTF-8 read as cp1252, no-break spaces lost": (as_cp1252(SIMPLIFIED.encode()).replace("\xa0", " "), SIMPLIFIED),
    "GBK read as Latin-1": (SIMPLIFIED.encode("gbk").decode("latin-1"), SIMPLIFIED),
    "GBK read as cp1252": (as_cp1252(TRADITIONAL.encode("gbk")), TRADITIONAL),
    "Big5 read as Latin-1": (TRADITIONAL.encode("big5").decode("latin-1"), TRADITIONAL),
    "Big5 read as cp1252": (as_cp1252(TRADITIONAL.encode("big5")), TRADITIONAL),
    "Big5 read as GBK": (TRADITIONAL.encode("big5").decode("gb18030"), TRADITIONAL),
    "GBK read as Big5": (
        "这个店的老板姓孙，早上五点来和面".encode("gbk").decode("cp950"),
        "这个店的老板姓孙，早上五点来和面",
    ),
    "short": ("鍥藉唴 and å›½å†… and ÖÐ¹ú", "国内 and 国内 and 中国"),
    "emoji": (as_cp936("好的😀明天再见".encode()), "好的😀明天再见"),
    "among ASCII": ("It鈥檚 Sora鍜孏oogle", "It’s Sora和Google"),
}


@pytest.mark.parametrize("name", SPOILED)
def test_what_was_spoiled_comes_back_exactly(name: str) -> None:
    dirty, want = SPOILED[name]
    assert dirty != want
    assert mended(dirty) == want
    assert clean(dirty).text == clean(want).text, "no other step takes the evidence away"


@pytest.mark.parametrize("name", SPOILED)
def test_only_the_spoiled_line_changes(name: str) -> None:
    dirty, want = SPOILED[name]
    assert mended(f"{SIMPLIFIED}\n{dirty}\n{TRADITIONAL}") == f"{SIMPLIFIED}\n{want}\n{TRADITIONAL}"


@pytest.mark.parametrize("decoder", ["gb18030", "gbk"])
@pytest.mark.parametrize("mark", ["\ufffd", "?"])
def test_a_lost_byte_is_seen(decoder: str, mark: str) -> None:
    dirty = "天气很好，出去走走。".encode().decode(decoder, "replace").replace("\ufffd", mark)
    assert mark in dirty, "a text that lost nothing proves nothing"
    assert mended(dirty) == "天气很好，出去走走�"


@pytest.mark.parametrize(
    "text",
    [
        SIMPLIFIED,
        TRADITIONAL,
        ENGLISH,
        "干勁十足?！拔覀兠刻於荚谘芯空垓v？！",
        "电话是多少?開會的陳先生問:電?",
        "澶淵之盟，黃皙暎的小說，鏈烴與籬笆，猕猴及其他动物，癸亥年",
        "「あいうえお」、ㄅㄆㄇ、α粒子、Привет、茅台和路",
        "A MANHÃ” é só a manhã; “Ã” e “Â” são letras. É»",
        "« été », l'été »¹ “café”² ÀÉÈÙ généré créée déjà-vu — œuvre à 20\xa0€, là\xa0!",
        "ÄÖÜäöüß, »Übung«, „Größe“, Straße; ÆØÅæøå, Åland",
        "ÄÖÜäöü",
        "¿Qué tal? ¡Ñandú! El niño comió piñón en Cádiz: 3º, 2ª.",
    ],
)
def test_what_only_looks_odd_stays(text: str) -> None:
    assert list(wrong_code_page(text)) == []


@pytest.mark.parametrize("name", SPOILED)
def test_a_quote_cleans_to_what_was_cited(name: str) -> None:
    raw = f"标题一行\n{SPOILED[name][0]}{SPOILED[name][0]}\n好的一行。"
    page = clean(raw)
    stops = [0, *(at + 1 for at, character in enumerate(page.text) if character in "。！\n"), len(page.text)]
    for start, end in pairwise(stops):
        wide = page.widen(Span(start, end))
        assert clean(page.to_raw(wide).of(raw)).text == wide.of(page.text).strip("\n")


def test_a_sentence_is_an_edit_of_its_own() -> None:
    assert len(list(wrong_code_page(as_cp1252(TRADITIONAL.encode())))) > 1


@pytest.mark.parametrize("bit", ["?", "Ã", "鍥", "鍥藉唴", "涓€", "ÖÐ", "ã€", "\ue000\ufffd", "鈥?"])
def test_cost_grows_with_the_length(bit: str) -> None:
    def cost(size: int) -> float:
        text = "中" + bit * (size // len(bit))
        began = process_time()
        list(wrong_code_page(text))
        return process_time() - began

    cost(1_000)
    size = 200_000 if len(bit) == 1 else 3_000
    assert cost(10 * size) < 40 * max(cost(size), 0.002)
