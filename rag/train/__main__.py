"""The steps of making the built-in model, one subcommand each; `all` takes them in order."""

import argparse
import json
import logging
import random
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, fields
from pathlib import Path

import numpy as np
from tokenizers import Tokenizer

from rag.train import encoded, vocabulary
from rag.train.pairs import all_pairs
from rag.train.read import rows

MODELS = Path(__file__).parents[1] / "models"
log = logging.getLogger("rag.train")


def _texts(data: Path, share: float, seed: int) -> Iterator[str]:
    """The texts that words are counted in: a `share` of the pairs' sides, without dictionaries, and of the news."""
    chance = random.Random(seed)
    for pair in all_pairs(data, seed):
        repeats = pair.source.endswith(("-paragraph", "-crops")) or pair.source in {"cedict", "wordnet_cow"}
        if not repeats and chance.random() < share:
            yield pair.a
            yield pair.b
    for row in rows(data / "corpus" / "news_2023.jsonl.gz"):
        if chance.random() < share:
            yield row["text"]


def make_vocabulary(args: argparse.Namespace) -> None:
    """Count words and write the tokenizer."""
    words, characters = vocabulary.count_words(_texts(args.data, args.share, args.seed))
    vocab = vocabulary.pieces(words, characters, args.han, args.latin, args.runs)
    vocabulary.tokenizer(vocab, vocabulary.fold_table()).save(str(args.work / "tokenizer.json"))


def make_pairs(args: argparse.Namespace) -> None:
    """Turn the pairs into piece ids."""
    tokenizer = Tokenizer.from_file(str(args.work / "tokenizer.json"))
    encoded.save(args.work / "pairs.npz", encoded.encode(all_pairs(args.data, args.seed), tokenizer))


def make_fit(args: argparse.Namespace) -> None:
    """Fit the table."""
    from rag.train.fit import Plan, fit

    data = encoded.load(args.work / "pairs.npz")
    plan = Plan(**{f.name: getattr(args, f.name) for f in fields(Plan)})
    size = Tokenizer.from_file(str(args.work / "tokenizer.json")).get_vocab_size()
    log.info("%s", plan)
    np.save(args.work / f"{args.run_name}.npy", fit(data, vocabulary.sif(data.ids, size), plan))
    facts = {"pairs": len(data.a), **asdict(plan)}
    (args.work / f"{args.run_name}.json").write_text(json.dumps(facts), encoding="utf-8")


def make_export(args: argparse.Namespace) -> None:
    """Write the model's folder."""
    from rag.train.export import export

    tokenizer = Tokenizer.from_file(str(args.work / "tokenizer.json"))
    table = np.load(args.work / f"{args.run_name}.npy", allow_pickle=False)
    facts = json.loads((args.work / f"{args.run_name}.json").read_text(encoding="utf-8"))
    export(args.out, tokenizer, table, {"made_with": facts})


def make_score(args: argparse.Namespace) -> None:
    """Print nDCG@10 x 100, dense only, whole documents as one passage."""
    from rag.embed.builtin import load
    from rag.train.score import report

    model = load(args.out)
    for name, value in report(args.data, model.embed_passages, args.sets, not args.sets_only).items():
        print(f"{name:40} {value:6.2f}")


def make_background(args: argparse.Namespace) -> None:
    """Count the background statistics of terms."""
    from rag.train.background import make

    make(args.data, MODELS / "background.npz", args.seed)


def make_neighbours(_: argparse.Namespace) -> None:
    """Note the pieces nearest to each in the other language."""
    from rag.train.neighbours import make

    make(MODELS / "neighbours.npz")


def make_all(args: argparse.Namespace) -> None:
    """Every step in order."""
    for step in (make_vocabulary, make_pairs, make_fit, make_export, make_score, make_background, make_neighbours):
        step(args)


STEPS: dict[str, Callable[[argparse.Namespace], None]] = {
    "vocabulary": make_vocabulary,
    "pairs": make_pairs,
    "fit": make_fit,
    "export": make_export,
    "score": make_score,
    "background": make_background,
    "neighbours": make_neighbours,
    "all": make_all,
}
SETS = "xquad-en-zh xquad-zh-en xquad-zh xquad-en"


def parser() -> argparse.ArgumentParser:
    """The options; those of one step do nothing in another."""
    made = argparse.ArgumentParser(prog="python -m rag.train", description=__doc__)
    made.add_argument("step", choices=STEPS)
    made.add_argument("--data", type=Path, default=Path("../shared/data"))
    made.add_argument("--work", type=Path, default=Path(tempfile.gettempdir()) / "rag-train")
    made.add_argument("--out", type=Path, default=MODELS / "builtin")
    made.add_argument("--run-name", default="table", help="name of the fitted table in the work folder")
    made.add_argument("--seed", type=int, default=0)
    made.add_argument("--share", type=float, default=0.3, help="of the texts, to count words in")
    made.add_argument("--han", type=int, default=30_000, help="Chinese words")
    made.add_argument("--latin", type=int, default=24_000, help="other words")
    made.add_argument("--runs", type=int, default=4_500, help="runs of letters to fall back on")
    made.add_argument("--epochs", type=float, default=4.0)
    made.add_argument("--batch", type=int, default=2048)
    made.add_argument("--dimensions", type=int, default=300)
    made.add_argument("--scale", type=float, default=20.0)
    made.add_argument("--rate", type=float, default=2e-3)
    made.add_argument("--norm", type=float, default=1.0)
    made.add_argument("--run", type=int, default=1)
    made.add_argument("--threads", type=int, default=0, help="0 leaves it to the machine")
    made.add_argument("--sets", nargs="*", default=SETS.split(), help="folders under eval/beir")
    made.add_argument("--sets-only", action="store_true", help="leave out the held out rows")
    return made


def main() -> None:
    """Run the step that the command line names."""
    args = parser().parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(message)s")
    args.work.mkdir(parents=True, exist_ok=True)
    began = time.perf_counter()
    STEPS[args.step](args)
    log.info("%s took %.0f s", args.step, time.perf_counter() - began)


if __name__ == "__main__":
    main()
