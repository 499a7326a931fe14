"""Floors of what is measured, and what raises them: `python tests/pins.py`.

`floors/clean.json`: a share for each figure, higher being better, and the digest of the pages that were measured.
`floors/real.json`: hashes of wanted and unwanted lines of five real articles that are not part of this project.
"""

import hashlib
import json
import math
import re
from pathlib import Path
from typing import Any

from rag.clean import clean
from rag.load.encoding import decode
from rag.measure import cleaning as bench
from rag.measure.cleaning import material
from rag.measure.cleaning.dirt.width import NARROW
from rag.measure.cleaning.score import Gate

HERE = Path(__file__).parent / "floors"
SHARED_SEEDS = HERE.parents[2] / "shared" / "seeds"
_NOTE = re.compile(r"\([a-zà-ǜńňǹ]{1,6}\)")


def figures() -> dict[str, float]:
    """Every share of `rag bench clean` on the package's own articles."""
    texts = material.articles()
    pages, furnished = bench.corpus(texts), bench.furnished(texts)
    found: dict[str, float] = {}
    for kind, score in bench.repair(pages, lambda text: clean(text).text).items():
        if score.corrupted:
            found[f"{kind}: restored"] = score.restored / score.corrupted
        if score.untouched:
            found[f"{kind}: not changed"] = 1 - score.changed / score.untouched
    for form in ("text", "html"):
        seen = bench.furniture(furnished, lambda text, kind=form: clean(text, kind).text, form)
        found |= _shares(f"furniture in {form}", seen)
    for name, (right, of) in bench.detection(material.windows(texts), lambda data: decode(data)[0]).items():
        found[f"{name}: detected"] = right / of
    proofs = [bench.proofs(dirty.text) for kind in pages.values() for dirty in kind]
    proofs += [bench.proofs(page.html, "html") for page in furnished]
    cited = sum(one.cited for one in proofs)
    found["citations: proven"] = sum(one.proven for one in proofs) / cited
    found["citations: possible"] = cited / sum(one.sentences for one in proofs)
    return found


def real_figures() -> dict[str, float]:
    """The shares of wanted and unwanted lines, and of citations, of the five real articles."""
    found: dict[str, float] = {}
    for name, lists in json.loads((HERE / "real.json").read_text(encoding="utf-8")).items():
        text, _ = decode((SHARED_SEEDS / name).read_bytes())
        there = {hashed(line) for line in clean(text).text.splitlines()}
        wanted, unwanted = lists["wanted"], lists["unwanted"]
        found |= _shares(
            f"real {name[:3]}",
            Gate(len(wanted), len(there & set(wanted)), len(unwanted), len(there & set(unwanted))),
        )
        proofs = bench.proofs(text)
        found[f"real {name[:3]}: proven"] = proofs.proven / proofs.cited
        found[f"real {name[:3]}: possible"] = proofs.cited / proofs.sentences
    return found


def hashed(line: str) -> str:
    """A line without notes and spaces, its marks narrow, as the beginning of its SHA-256."""
    plain = "".join(_NOTE.sub("", line).split()).translate(NARROW)
    return hashlib.sha256(plain.encode()).hexdigest()[:16]


def _shares(name: str, seen: Gate) -> dict[str, float]:
    kept = {f"{name}: kept": seen.kept / seen.wanted}
    return kept | ({f"{name}: gone": 1 - seen.left / seen.unwanted} if seen.unwanted else {})


def digest_now() -> str:
    """The digest of the pages that are measured."""
    texts = material.articles()
    return bench.digest(bench.corpus(texts), bench.furnished(texts))


def floors() -> dict[str, Any]:
    """`clean.json` as it is."""
    record: dict[str, Any] = json.loads((HERE / "clean.json").read_text(encoding="utf-8"))
    return record


def sunk(now: dict[str, float], before: dict[str, float]) -> list[str]:
    """What is below its floor, or was measured once and is not now."""
    return [
        f"{name}: {now.get(name, math.nan):.4f}, floor {floor}"
        for name, floor in before.items()
        if not now.get(name, -1.0) >= floor
    ]


def pinned(now: dict[str, float], before: dict[str, float]) -> dict[str, float]:
    """Floors raised to what is measured now, in ten-thousandths; raises SystemExit where one would sink."""
    if lower := sunk(now, before):
        raise SystemExit("these would sink:\n  " + "\n  ".join(lower))
    return {name: math.floor(value * 1e4) / 1e4 for name, value in now.items()}


def main() -> None:
    """Raise the floors. Where the pages that are measured were changed on purpose, delete `clean.json` first."""
    digest = digest_now()
    before = floors() if (HERE / "clean.json").exists() else {"digest": digest, "made": {}, "real": {}}
    if before["digest"] != digest:
        raise SystemExit("the pages are not those of the floors: delete tests/floors/clean.json to begin anew")
    real = pinned(real_figures(), before["real"]) if SHARED_SEEDS.exists() else before["real"]
    record = {"digest": digest, "made": pinned(figures(), before["made"]), "real": real}
    (HERE / "clean.json").write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
