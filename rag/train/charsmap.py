"""The character table of `rag.script` in the form that the tokenizer's `Precompiled` normaliser reads.

The form is that of SentencePiece's `precompiled_charsmap`: the size of a trie, the trie as a double array of
little-endian 32-bit units (darts-clone by S. Yata), then the replacements, each ended by a zero byte. In a unit, bits
0-7 and 31 are the label, bit 8 says that a key ends here, bits 10-30 are the offset, which is XORed with the position.
"""

import struct
from collections.abc import Mapping

from tokenizers import normalizers

__all__ = ["charsmap", "normalizer"]

_BLOCK = 256
_ENDS = 1 << 8
_VALUE = 1 << 31


class _Node:
    __slots__ = ("children", "value")

    def __init__(self) -> None:
        self.children: dict[int, _Node] = {}
        self.value: int | None = None


def _trie(keys: Mapping[bytes, int]) -> _Node:
    root = _Node()
    for key, value in keys.items():
        node = root
        for byte in key:
            node = node.children.setdefault(byte, _Node())
        node.value = value
    return root


def _double_array(root: _Node) -> list[int]:
    units = [0] * _BLOCK
    used = [False] * _BLOCK
    used[0] = True
    bases: set[int] = set()  # two nodes of one base would take each other's children for their own

    def free_base(labels: list[int]) -> int:
        base = max(1, len(units) - 8 * _BLOCK)  # further back all is nearly full
        while True:
            while base + _BLOCK > len(units):
                units.extend([0] * _BLOCK)
                used.extend([False] * _BLOCK)
            if base not in bases and all(not used[base ^ label] for label in labels):
                bases.add(base)
                return base
            base += 1

    waiting = [(root, 0)]
    while waiting:
        node, place = waiting.pop()
        labels = ([0] if node.value is not None else []) + sorted(node.children)
        base = free_base(labels)
        units[place] |= (place ^ base) << 10
        if node.value is not None:
            units[place] |= _ENDS
            units[base] = node.value | _VALUE
        for label in labels:
            used[base ^ label] = True
        for byte, child in node.children.items():
            units[base ^ byte] |= byte
            waiting.append((child, base ^ byte))
    return units


def charsmap(table: Mapping[str, str]) -> bytes:
    """The compiled form of a table of replacements. Keys and values must be without U+0000.

    A key is tried on a whole grapheme of up to five bytes first, so a combining mark that follows a listed character
    of three bytes is lost; `rag.script.fold` keeps it.
    """
    replacements = bytearray()
    keys: dict[bytes, int] = {}
    for old, new in table.items():
        keys[old.encode()] = len(replacements)
        replacements += new.encode() + b"\0"
    units = _double_array(_trie(keys))
    trie = struct.pack(f"<{len(units)}I", *units)
    return struct.pack("<I", len(trie)) + trie + bytes(replacements)


def normalizer(table: Mapping[str, str]) -> normalizers.Normalizer:
    """`rag.script.fold` as a tokenizer's normaliser; `table` is character to character."""
    return normalizers.Sequence([normalizers.NFKC(), normalizers.Lowercase(), normalizers.Precompiled(charsmap(table))])
