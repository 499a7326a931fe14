"""Dirt, made of clean text by the mechanisms that made it on real pages, each with its exact inverse."""

from collections.abc import Mapping
from typing import Final

from rag.measure.cleaning.dirt.codepage import (
    big5_as_western,
    clauses_of_utf8_as_gbk,
    gbk_as_western,
    utf8_as_gbk,
    utf8_as_gbk_lossy,
    utf8_as_latin1,
    utf8_as_western,
)
from rag.measure.cleaning.dirt.notes import pinyin_notes
from rag.measure.cleaning.dirt.shift import byte_shift, byte_shift_at_marks, byte_shift_with_notes
from rag.measure.cleaning.dirt.specks import entities, invisible, look_alikes
from rag.measure.cleaning.dirt.traced import Dirt, Dirty, Run, joined

__all__ = ["DIRT", "Dirt", "Dirty", "Run", "joined"]

DIRT: Final[Mapping[str, Dirt]] = {
    "pinyin notes": pinyin_notes,
    "byte shift": byte_shift,
    "byte shift at marks": byte_shift_at_marks,
    "byte shift with notes": byte_shift_with_notes,
    "UTF-8 as windows-1252": utf8_as_western,
    "UTF-8 as Latin-1": utf8_as_latin1,
    "UTF-8 as GBK": utf8_as_gbk,
    "UTF-8 as GBK, in places": clauses_of_utf8_as_gbk,
    "UTF-8 as GBK, lossy": utf8_as_gbk_lossy,
    "GBK as windows-1252": gbk_as_western,
    "Big5 as windows-1252": big5_as_western,
    "invisible characters": invisible,
    "look-alikes": look_alikes,
    "HTML entities": entities,
}
"""Each kind by its name in the table."""
