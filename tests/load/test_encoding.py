"""Which encoding a file is in: own texts in every encoding, whole, cut, broken, short and hostile."""

import codecs
import os
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag import likely
from rag.load import encoding

SIMPLIFIED = (
    "村口的面馆开了二十三年，老板姓孙，早上五点起来和面，从不用机器。有人劝他把店搬到城里去，他说城里的水太硬，"
    "煮出来的面没有嚼头。去年夏天发大水，店里的桌椅都泡坏了，邻居们一人搬来一张凳子，第二天照样开门。"
    "现在他的女儿在网上卖汤料，每个月能卖出三千多份，可是孙老板还是只管面前的这一口锅，谁来都是那句话：趁热吃。"
)
TRADITIONAL = (
    "港邊的舊書店只有兩個人，一個管進貨，一個管聊天。管聊天的那位姓葉，從前在船上當過廚師，說起各地的天氣總是"
    "比氣象臺還要準。學生們喜歡來這裡，因為買不買都可以坐一個下午；要是下雨，還會有一壺熱茶。後來附近蓋了大樓，"
    "房租漲了三倍，葉先生把書一箱一箱地送給圖書館，自己留下一本航海日誌，說這是唯一寫得比他說得好的書。"
)
ENGLISH = (
    "The ferry leaves at seven and nobody on the island owns a watch. They know the time by the baker, whose oven "
    "smokes from five, and by the school bell, which is rung by whichever child arrives first and is always early. "
)
MIXED = ENGLISH + "The bakery is called 海風烘焙坊 and its sign also says 每天七點開門. " + ENGLISH
FRENCH = "Le café où déjà l'été s'achève : « Noël à Besançon », coûte 12 € — c'est très cher, n'est-ce pas ? " * 3

CASES = [
    (text, name)
    for text, names in {
        SIMPLIFIED: ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-be", "gb18030"),
        TRADITIONAL: ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32-le", "gb18030", "big5"),
        MIXED: ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "gb18030", "big5"),
        ENGLISH: ("utf-8", "utf-16-le", "utf-16-be", "utf-32-be"),
        FRENCH: ("utf-8", "utf-16-le", "cp1252"),
    }.items()
    for name in names
]


@pytest.mark.parametrize(("text", "name"), CASES)
@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r", ""])
def test_a_text_comes_back_from_every_encoding(text: str, name: str, ending: str) -> None:
    whole = text.replace("，", "，" + ending).replace(". ", ". " + ending)
    assert encoding.decode(whole.encode(name)) == (whole, name)


@pytest.mark.parametrize(("text", "name"), [case for case in CASES if case[0] in (SIMPLIFIED, TRADITIONAL)])
@pytest.mark.parametrize("length", [20, 50])
def test_short_stretches_are_read_too(text: str, name: str, length: int) -> None:
    stretches = [text[at : at + length] for at in range(0, len(text) - length, 7)]
    wrong = [stretch for stretch in stretches if encoding.decode(stretch.encode(name))[0] != stretch]
    assert wrong == []


def test_short_words_that_are_valid_utf_8_by_chance() -> None:
    for word in ("为什么", "前項地區"):
        data = word.encode("gb18030")
        data.decode("utf-8")  # no error: this is the trap
        assert encoding.decode(data) == (word, "gb18030")
    for word in ("café", "Привет", "ˈɪŋ", "naïve", "😀", "…"):
        assert encoding.decode(word.encode()) == (word, "utf-8")


def test_hong_kong_and_windows_characters_of_big5() -> None:
    cantonese = "佢哋話冇嘢做，喺度瞓覺，啲人鍾意睇戲，唔知點解噉樣㗎。"
    with pytest.raises(UnicodeEncodeError):
        cantonese.encode("cp950")
    assert encoding.decode(cantonese.encode("big5hkscs")) == (cantonese, "big5hkscs")
    windows = TRADITIONAL + "價錢是二十～三十元，約五€，裏面恒久銹粧嫺。"
    with pytest.raises(UnicodeEncodeError):
        windows.encode("big5")
    assert encoding.decode(windows.encode("cp950")) == (windows, "cp950")


def test_characters_of_gb18030_beyond_gb2312() -> None:
    text = SIMPLIFIED + "朱镕基、䶮、𠮷野家、😀，€"
    assert encoding.decode(text.encode("gb18030")) == (text, "gb18030")


def test_utf_8_cut_in_its_last_character_stays_utf_8() -> None:
    for text in (SIMPLIFIED, TRADITIONAL, ENGLISH + "今", ENGLISH + "”"):
        data = text.rstrip("。").encode()[:-1]
        guess = encoding.detect(data)
        assert (guess.encoding, guess.errors) == ("utf-8", 1)


def test_utf_8_with_a_few_broken_bytes_stays_utf_8() -> None:
    data = bytearray(SIMPLIFIED.encode())
    for at in (30, 120, 300):
        data[at] = 0xFF
    guess = encoding.detect(bytes(data))
    assert guess.encoding == "utf-8"
    assert 3 <= guess.errors <= 9


def test_a_replacement_character_of_the_author_is_no_error() -> None:
    assert encoding.errors("坏了\ufffd的字".encode(), "utf-8") == 0
    assert encoding.errors("坏了\ufffd的字".encode() + b"\xff", "utf-8") == 1


@pytest.mark.parametrize("name", ["gb18030", "big5"])
def test_others_cut_in_the_middle_keep_their_encoding(name: str) -> None:
    data = TRADITIONAL.rstrip("。").encode(name)
    assert encoding.detect(data[:-1]).encoding == name
    assert encoding.detect(data[:-1]).errors == 1


def test_a_declared_encoding_is_a_hint_that_evidence_overrules() -> None:
    for declared in ("utf-8", "gb2312", "big5", "latin-1", "no-such-thing", "utf-7", "\0", "中"):
        assert encoding.detect(SIMPLIFIED.encode("gb18030"), declared).encoding == "gb18030"
        assert encoding.detect(TRADITIONAL.encode("big5"), declared).encoding == "big5"
        assert encoding.detect(SIMPLIFIED.encode(), declared).encoding == "utf-8"


def test_a_declared_encoding_decides_where_nothing_else_reads_well() -> None:
    japanese = "まちの図書館は、あさ九時からよる八時まであいています。ほんを五さつまでかりることができます。" * 3
    assert encoding.detect(japanese.encode("cp932"), "shift_jis").encoding == "cp932"
    assert encoding.detect(japanese.encode("cp932")).confidence < 0.15
    russian = "Паром уходит в семь часов утра, и ни у кого на острове нет часов. " * 3
    assert encoding.detect(russian.encode("cp1251"), "windows-1251").encoding == "cp1251"


def test_bytes_that_windows_does_not_know_are_latin_1() -> None:
    assert encoding.detect(FRENCH.replace("€", "").replace("—", "").encode("latin-1") + b" \x81 ").encoding == "latin-1"


@pytest.mark.parametrize(
    ("mark", "name"),
    [
        (codecs.BOM_UTF8, "utf-8-sig"),
        (codecs.BOM_UTF16_LE, "utf-16"),
        (codecs.BOM_UTF16_BE, "utf-16"),
        (codecs.BOM_UTF32_LE, "utf-32"),
        (codecs.BOM_UTF32_BE, "utf-32"),
    ],
)
def test_a_mark_alone_and_nothing_at_all(mark: bytes, name: str) -> None:
    assert encoding.decode(mark) == ("", name)
    assert encoding.decode(b"") == ("", "utf-8")


@given(st.binary(max_size=300), st.sampled_from(["", "utf-8", "gbk", "big5", "shift_jis", "utf-16"]))
def test_whatever_the_bytes_the_text_is_what_the_named_codec_says(data: bytes, hint: str) -> None:
    guess = encoding.detect(data, hint)
    assert 0 <= guess.confidence <= 1
    assert (guess.errors == 0) == _strict(data, guess.encoding)
    text, name = encoding.decode(data)
    assert text == data.decode(name, errors="replace")


@given(st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=8, max_size=300))
def test_any_text_in_utf_8_comes_back(text: str) -> None:
    text = f"文字：{text}。這是一段普通的文字，這裏沒有別的。"
    assert encoding.decode(text.encode())[0] == text.removeprefix("\ufeff")


@given(st.text(st.sampled_from(SIMPLIFIED + TRADITIONAL + " \r\n\tabcXYZ019"), min_size=100, max_size=300))
def test_common_characters_in_any_order_come_back_from_gb18030(text: str) -> None:
    assert encoding.decode(text.encode("gb18030"))[0] == text


def _strict(data: bytes, name: str) -> bool:
    try:
        data.decode(name)
    except UnicodeDecodeError:
        return False
    return True


def test_noise_has_no_confidence() -> None:
    noise = bytes(byte | 0x80 for byte in os.urandom(4000))
    assert encoding.detect(noise).confidence < 0.15


@pytest.mark.parametrize("name", ["utf-8", "gb18030", "big5", "utf-16-le"])
def test_evidence_may_come_after_megabytes_of_ascii(name: str) -> None:
    text = "x" * 1_000_000 + "\n" + TRADITIONAL
    assert encoding.decode(text.encode(name)) == (text, name)


def test_likely_texts_are_not_strange() -> None:
    assert likely.strangeness(ENGLISH) == 0.0
    for text in (SIMPLIFIED, TRADITIONAL):
        assert 5 < likely.strangeness(text) < 8
        assert likely.strangeness(text.encode().decode("gb18030", errors="replace")) > encoding.STRANGE
    assert likely.of("我们") == pytest.approx(likely.of("我") + likely.of("们"))


@pytest.mark.parametrize(
    "unit", ["一二三".encode("gb18030"), b"\xff", b"\xe4\xb8", b"a\x80", b"\0a", "é".encode("latin-1")], ids=repr
)
def test_time_grows_with_length(unit: bytes) -> None:
    def seconds(size: int) -> float:
        data = unit * (size // len(unit))
        took = []
        for _ in range(3):
            began = time.process_time()
            encoding.detect(data)
            took.append(time.process_time() - began)
        return min(took)

    assert seconds(4_000_000) < 12 * seconds(1_000_000) + 0.2
