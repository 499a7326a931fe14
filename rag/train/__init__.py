"""How the built-in weights and tables were made, runnable again; nothing else imports this package.

    python -m rag.train vocabulary | pairs | fit | export | score | background | all

The steps pass their results on through a work folder; `python -m rag.train all` takes them in order.
"""
