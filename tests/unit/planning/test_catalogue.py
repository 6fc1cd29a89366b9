"""The catalogue and the tool say everything of the agents, always in the same bytes, in the part of JSON Schema that is taken."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import date, datetime
from typing import Any, Literal, cast

import pytest
from pydantic import BaseModel, ConfigDict, Field

from engine.domain.agent import AgentSpec
from engine.domain.artifact import Person
from engine.planning.catalogue import EMIT_PLAN, agent_catalogue, emit_plan, input_schemas
from engine.planning.check import findings
from engine.planning.draft import PlanDraft
from engine.planning.emitted import read_plan
from engine.planning.strict_schema import fits_strict, plain_properties
from engine.ports.planning import EarlierArtifact
from engine.prompts import load_prompt
from tests.unit.planning.model_plans import EARLIER
from tests.unit.planning.office import WITH_MODEL

TAKEN = {"type", "properties", "required", "additionalProperties", "items", "anyOf", "const", "enum", "description"}


def nodes(schema: Any) -> Iterator[dict[str, Any]]:
    """Every schema in a schema."""
    yield schema
    for inner in (*schema.get("properties", {}).values(), *schema.get("anyOf", ())):
        yield from nodes(inner)
    if "items" in schema:
        yield from nodes(schema["items"])


def schema() -> dict[str, Any]:
    return cast("dict[str, Any]", emit_plan(WITH_MODEL).schema)


def steps() -> dict[str, dict[str, Any]]:
    """The schema of a step by agent."""
    return {one["properties"]["agent"]["const"]: one for one in schema()["properties"]["steps"]["items"]["anyOf"]}


def test_order_of_the_agents_changes_nothing() -> None:
    turned = dict(reversed(list(WITH_MODEL.items())))
    assert agent_catalogue(turned) == agent_catalogue(WITH_MODEL)
    assert json.dumps(emit_plan(turned).schema) == json.dumps(emit_plan(WITH_MODEL).schema)


def test_understanding_comes_first_and_sure_last() -> None:
    assert list(schema()["properties"]) == ["question", "steps", "understood", "sure"]
    assert schema()["required"] == ["question", "steps", "understood", "sure"]
    for one in steps().values():
        assert list(one["properties"]) == one["required"] == ["agent", "id", "title", "after", "inputs"]


def test_tool_is_strict_and_holds_to_what_strict_tools_take() -> None:
    tool = emit_plan(WITH_MODEL)
    assert (tool.name, tool.strict) == (EMIT_PLAN, True)
    for node in nodes(tool.schema):
        assert set(node) <= TAKEN
        if node.get("type") == "object":
            assert node["additionalProperties"] is False
            assert set(node["required"]) <= set(node["properties"])


def test_each_agent_has_its_own_inputs() -> None:
    assert list(steps()) == sorted(WITH_MODEL)
    calendar = steps()["CalendarAgent"]["properties"]["inputs"]
    assert calendar["required"] == ["title"]
    assert calendar["properties"]["title"] == {
        "type": "string",
        "description": "at least 1 characters, at most 300 characters",
    }
    assert calendar["properties"]["person"]["properties"] == {
        "from": {"type": "string"},
        "one": {"type": "boolean", "description": "true when taken from contacts"},
    }
    assert calendar["properties"]["summary"]["required"] == ["from"]
    assert "anyOf" not in calendar["properties"]["on"]
    assert "60 if left out" in calendar["properties"]["duration_minutes"]["description"]


def test_catalogue_names_what_each_agent_takes_gives_and_changes() -> None:
    card = next(part for part in agent_catalogue(WITH_MODEL).split("\n\n") if part.startswith("## CalendarAgent"))
    assert "Effect: changes things. Gives: meeting." in card
    assert "\n- title: string; at least 1" in card
    assert re.search(r"\n- person \(optional\): taken from a step; .*Takes person, or one of contacts", card)
    assert "YYYY-MM-DD" in card
    assert "Effect: reads only" in agent_catalogue(WITH_MODEL)
    assert "- cancel (optional): boolean; Called off; goes with nothing else. false if left out" in agent_catalogue(
        WITH_MODEL
    )


class _Address(BaseModel):
    model_config = ConfigDict(extra="forbid")
    city: str = Field(max_length=9)
    zip: str | None = None


class _Odd(BaseModel):
    model_config = ConfigDict(extra="forbid")
    when: datetime = Field(description="When it starts.")
    kind: Literal["a", "b"] = "a"
    code: str = Field(pattern="^[a-z]+$")
    home: _Address
    many: list[_Address] = Field(default_factory=list[_Address], max_length=3)
    either: int | date = 3
    empty: int | None
    person: Person | None = Field(default=None, description="Who comes.")


def test_what_strict_tools_refuse_goes_into_descriptions() -> None:
    found = input_schemas(_Odd)
    assert list(found) == list(_Odd.model_fields)
    assert found["when"] == {"type": "string", "description": "When it starts. YYYY-MM-DDTHH:MM:SS with its offset"}
    assert found["kind"] == {"enum": ["a", "b"], "description": "a if left out"}
    assert found["code"] == {"type": "string", "description": "matches ^[a-z]+$"}
    assert found["home"] == {
        "type": "object",
        "properties": {"city": {"type": "string", "description": "at most 9 characters"}, "zip": {"type": "string"}},
        "required": ["city"],
        "additionalProperties": False,
    }
    assert found["many"]["items"] == found["home"]
    assert found["either"]["anyOf"] == [{"type": "integer"}, {"type": "string", "description": "YYYY-MM-DD"}]
    assert found["empty"]["anyOf"] == [{"type": "integer"}, {"type": "null"}]
    assert found["person"]["description"] == "Who comes. Takes person, or one of contacts"


class _Tree(BaseModel):
    children: list[_Tree] = Field(default_factory=list["_Tree"])


class _Open(BaseModel):
    anything: dict[str, str]


class _Any(BaseModel):
    anything: Any


@pytest.mark.parametrize("model", [_Tree, _Open, _Any])
def test_schema_with_an_open_part_is_not_offered_strictly(model: type[BaseModel]) -> None:
    spec = AgentSpec(name="OddAgent", version="1", skill="odd", inputs=model, output="summary")
    assert not emit_plan({**WITH_MODEL, "OddAgent": spec}).strict


def test_schema_above_the_providers_limits_is_not_offered_strictly() -> None:
    optional = {f"f{n}": {"type": "string"} for n in range(25)}
    closed = {"type": "object", "properties": optional, "additionalProperties": False}
    assert not fits_strict({**closed, "required": []})
    assert fits_strict({**closed, "required": ["f0"]})
    unions = {f"f{n}": {"anyOf": [{"type": "string"}, {"type": "null"}]} for n in range(17)}
    assert not fits_strict({**closed, "properties": unions, "required": list(unions)})
    assert fits_strict({**closed, "properties": {"f": unions["f0"]}, "required": ["f"]})


def test_unknown_name_has_an_empty_schema() -> None:
    assert plain_properties(_Address, ["street"]) == {"street": {}}


def test_examples_of_the_prompt_are_sound_plans() -> None:
    text = load_prompt("engine.planning.prompts", "planner", 2).text
    examples = [json.loads(line) for line in text.splitlines() if line.startswith("{")]
    meeting = next(one for execution in EARLIER for one in execution.artifacts if one.kind == "meeting")
    earlier: dict[str, EarlierArtifact] = {"earlier_4": meeting}
    assert len(examples) == 2
    for example in examples:
        draft = read_plan(example)
        assert isinstance(draft, PlanDraft), draft
        assert not findings(draft, WITH_MODEL, earlier)
        assert list(example) == list(schema()["properties"])
        assert all(list(one) == steps()[one["agent"]]["required"] for one in example["steps"])
