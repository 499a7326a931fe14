"""How the cost of work grows with its input, as a ratio of CPU times: no test asserts a time."""

from collections.abc import Callable
from time import process_time

__all__ = ["assert_linear", "hostile"]


def hostile(bit: str, size: int) -> list[str]:
    """Texts of about `size` characters made of `bit`, with an end that fits nothing.

    Alone; as a line between two; in lines of several lengths that a step still looks at.
    """
    once = bit * (size // len(bit))
    lines = [f"{(bit * n)[: n - 3]}的:。\n" for n in (60, 80, 120, 200)]
    return [once, f"正文一行。\n{once}的:。\n结尾。", *("正文。\n" + line * (size // len(line) // 4) for line in lines)]


def assert_linear(work: Callable[[str], object], short: str, long: str) -> None:
    """`long` may cost four times what its length says, compared with `short`: quadratic work would cost far more."""
    limit = 4 * len(long) / max(1, len(short)) * max(_cost(work, short, 3), 1e-3)
    assert _cost(work, long, 1) <= limit or _cost(work, long, 3) <= limit


def _cost(work: Callable[[str], object], text: str, tries: int) -> float:
    best = 1e9
    for _ in range(tries):
        began = process_time()
        work(text)
        best = min(best, process_time() - began)
    return best
