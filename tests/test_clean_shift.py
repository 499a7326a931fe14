"""GBK bytes out of step: dirt made from clean text here, and what must not be touched."""

import random
import time
from itertools import takewhile

import pytest

from rag.clean import clean, prose
from rag.clean.shift import byte_shift
from rag.clean.traced import TracedText


def shifted(text: str, at: int) -> str:
    """`text` after the lead byte of `text[at]` was lost and all was read again, until ASCII brings it in step."""
    lost = len(text[:at].encode("gbk"))
    data = text.encode("gbk")
    return data[:lost].decode("gbk") + "?" + data[lost + 1 :].decode("gbk", errors="replace").replace("\ufffd", "?")


def repaired(text: str) -> str:
    return TracedText(text).apply(byte_shift(text)).text


@pytest.mark.parametrize(
    ("dirty", "plain"),
    [
        (
            "干勁十足?！拔覀兠刻於荚谘芯空垓v?！痹谒\ue362挠∠罄?，上一次",
            "干勁十足。“我們每天都在研究折騰。”在他的印象里，上一次",
        ),
        ("還停留在10秒以?xún)?nèi)，視頻", "還停留在10秒以內，視頻"),
        ("我們?cè)谝郧熬陀蓄A(yù)判", "我們在以前就有預判"),
        ("也可以用?，F(xiàn)在輪到", "也可以用。現在輪到"),
        ("我們?nèi)粘9ぷ骰蛏\ue2fda(chǎn)中", "我們日常工作或生產中"),  # the full-width digit became a plain one
        ("只要?jiǎng)?chuàng)作者有故事", "只要創作者有故事"),
        ("更多人來?yè)肀д麄€(gè)行業", "更多人來擁抱整個行業"),
        ("因?yàn)檫^(guò)去這幾年", "因為過去這幾年"),
    ],
)
def test_known_garble_is_read_as_it_was_written(dirty, plain):
    assert repaired(dirty) == plain


@pytest.mark.parametrize(
    "text",
    [
        "这是真的吗?我们每天都在研究,谁知道呢?没有人知道。",
        "新趨勢?圍繞相關話題，本刊採訪了三位創始人。",
        "What is 人工智能?It is AI. Why?因为所以",
        "？？？什么情况？！",
        "他问:“去哪儿?”她答:“(nèi)字怎么读?”",
        "電話?傳真?地址?郵編?",
        "?",
        "价格?200元?左右",
    ],
)
def test_question_marks_are_left_alone(text):
    assert list(byte_shift(text)) == []


SENTENCES = (
    "城市里的屋顶正在变成小块的菜地，居民轮流浇水，收成按户分给大家。",
    "这条铁路连接三个山区县，通车以后，药材和茶叶当天就能运到省城的市场。",
    "圖書館把舊報紙逐頁掃描，研究者現在可以在家裡查閱一百年前的新聞。",
    "颱風過後，漁民檢查船隻和漁網，發現損失比前一年輕得多，因為預警來得早。",
)


def test_most_characters_of_long_runs_come_back():
    wrong = total = 0
    for sentence in SENTENCES:
        for at in range(len(sentence)):
            dirty = shifted(sentence, at)
            ends = zip(dirty[::-1], sentence[::-1], strict=False)
            same = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], ends))  # in step again
            run = len(sentence) - same - at
            if run >= 4:
                back = repaired(dirty)
                assert back[:at] == sentence[:at] and back[len(back) - same :] == sentence[len(sentence) - same :]
                total += run
                wrong += sum(a != b for a, b in zip(back[at:], sentence[at:], strict=False))
    assert total > 200
    assert wrong <= 0.1 * total


def test_many_plain_questions_do_not_tire_it():
    questions = "这是真的吗?我们每天都在研究。\n" * 300
    assert repaired(questions + "也可以用?，F(xiàn)在輪到") == questions + "也可以用。現在輪到"


def test_a_repair_stands_by_itself():
    page = clean("他說得很好。干勁十足?！拔覀兠刻於荚谘芯空垓v，他們也是。\n第二行在這裡。")
    assert page.text.startswith("他說得很好。干勁十足。“我們每天都在研究折騰，他們也是。")
    (edit,) = [edit for edit in page.edits if "shift" in edit.why]
    quote = page.raw[edit.start : edit.end]
    assert clean(quote).text == edit.new == "十足。“我們每天都在研究折騰"


def test_the_model_tells_prose_from_garble():
    assert prose.nats("居民轮流浇水").mean() > prose.nats("用衤至鹘剿").mean() + 4
    assert prose.nats("a").shape == (0,)


@pytest.mark.parametrize("sign", ["?", "?中", "?A", "中?", "?xún)", "?€", "\ue362", "?！拔覀"])
def test_hostile_text_takes_time_in_step_with_its_length(sign):
    def seconds(length: int) -> float:
        text = sign * (length // len(sign))
        began = time.process_time()
        list(byte_shift(text))
        return time.process_time() - began

    seconds(1000)
    assert seconds(6_000) < 30 * seconds(600) + 1


def test_random_bytes_do_no_harm():
    chance = random.Random(7)
    for _ in range(200):
        text = bytes(chance.randrange(256) for _ in range(60)).decode("gbk", errors="replace")
        TracedText(text).apply(byte_shift(text))
