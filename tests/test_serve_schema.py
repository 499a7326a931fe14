"""The OpenAPI description and what the server does agree, on requests that schemathesis makes up."""

from collections import Counter
from collections.abc import Iterator

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis.checks import (
    content_type_conformance,
    negative_data_rejection,
    not_a_server_error,
    response_schema_conformance,
    status_code_conformance,
)
from schemathesis.generation import GenerationMode
from serving import Running, running

from rag.library import Library
from rag.serve.collection import Collection
from rag.testing import HashedTerms

EXAMPLES = 4
"""Of each route and kind."""

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
    negative_data_rejection,
]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    folder = tmp_path_factory.mktemp("described")
    (folder / "a.txt").write_text("Hens lay eggs in the morning.\n\nTrains leave at noon.", encoding="utf-8")
    library = Library(folder / "index", embedder=HashedTerms())
    library.add(folder / "a.txt")
    with running(Collection(library)) as made:
        yield made


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
def test_what_the_server_does_is_as_described(server: Running, mode: GenerationMode) -> None:
    asked: Counter[int] = Counter()
    described = server("GET", "/openapi.json").json
    models = {"Chat": "rag", "Embed": server.collections[0].embedder.name}
    for name, model in models.items():  # with others no request would come further
        described["components"]["schemas"][name]["properties"]["model"]["enum"] = [model]
    schema = schemathesis.openapi.from_dict(described)
    schema.config.update(base_url=server.url)
    served: Counter[str] = Counter()
    for found in schema.get_all_operations():
        operation = found.ok()
        if mode == GenerationMode.NEGATIVE and not (operation.body or operation.query):
            continue  # there is nothing to get wrong

        @given(case=operation.as_strategy(generation_mode=mode))
        @settings(
            max_examples=EXAMPLES,
            deadline=None,
            derandomize=True,
            database=None,
            suppress_health_check=list(HealthCheck),
        )
        def ask(case: schemathesis.Case) -> None:
            response = case.call_and_validate(checks=CHECKS)
            asked[response.status_code // 100] += 1
            served[case.operation.label] += response.status_code == 200

        ask()
    assert mode == GenerationMode.NEGATIVE or min(served["POST /v1/embeddings"], served["POST /api/ask"])
    assert asked[4] > 20 if mode == GenerationMode.NEGATIVE else asked[2] > 5
