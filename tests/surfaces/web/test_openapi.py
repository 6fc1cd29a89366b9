from __future__ import annotations

import json
import re
from typing import Any

from tests.surfaces.web.conftest import Served

VERBS = {"get", "post", "put", "patch", "delete"}


async def test_the_document_and_the_router_name_the_same_routes(served: Served) -> None:
    document = (await served.ask("GET", "/openapi.json")).json
    assert document["openapi"].startswith("3.1")
    described = {(verb.upper(), path) for path, item in document["paths"].items() for verb in item if verb in VERBS}
    routed = {
        (route.method, route.resource.canonical)
        for route in served.runner.app.router.routes()
        if route.resource is not None and route.resource.canonical != "/static"
    }
    assert described == routed


async def test_every_reference_leads_somewhere_and_no_schema_is_idle(served: Served) -> None:
    document = (await served.ask("GET", "/openapi.json")).json
    named = set(re.findall(r'"#/components/schemas/([^"]+)"', json.dumps(document)))
    assert named == set(document["components"]["schemas"])
    assert {"OrchestrateBody", "ExecutionView", "ProblemView", "DecisionBody"} <= named


async def test_bodies_are_closed_and_path_parts_are_parameters(served: Served) -> None:
    document = (await served.ask("GET", "/openapi.json")).json
    for name, schema in document["components"]["schemas"].items():
        if name.endswith("Body"):
            assert schema["additionalProperties"] is False
    operations: set[str] = set()
    for path, item in document["paths"].items():
        for operation in item.values():
            operations.add(operation["operationId"])
            named = {p["name"] for p in operation["parameters"] if p["in"] == "path"}
            assert named == set(re.findall(r"\{(\w+)\}", path))
    assert len(operations) == sum(len(item) for item in document["paths"].values())


async def test_only_the_public_routes_are_described_as_public(served: Served) -> None:
    document: dict[str, Any] = (await served.ask("GET", "/openapi.json")).json
    public = {path for path, item in document["paths"].items() for op in item.values() if not op["security"]}
    assert public == {"/", "/login", "/healthz", "/readyz"}


async def test_an_answer_has_the_keys_its_schema_requires(served: Served) -> None:
    document = (await served.ask("GET", "/openapi.json")).json
    await served.ask("POST", "/api/orchestrate", {"request": "x"})
    shown = (await served.ask("GET", "/api/orchestrate/e1")).json
    assert set(shown) == set(document["components"]["schemas"]["ExecutionView"]["required"])
