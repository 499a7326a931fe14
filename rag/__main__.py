"""`python -m rag` is `rag`: a quick start, then the command line."""

import gc
import os


def main() -> None:
    """Run the program."""
    # the products here are small: threads that wait for more cost more than they save
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    gc.disable()  # nothing made by an import is garbage
    from rag.cli import main as run

    gc.freeze()  # nor is it ever: it need not be looked at again whenever much has been read
    gc.enable()
    run()


if __name__ == "__main__":
    main()
