"""What a model is told of the agents: a text to read, and the one tool ``emit_plan`` whose schema knows each agent's inputs.

Both depend on the agents alone and come out the same byte for byte, so that a provider can cache everything before the
request. Every property that stands outside ``inputs`` is required: optional ones would be written last, out of order.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pydantic import BaseModel

from engine.domain.agent import AgentSpec
from engine.domain.effect import Effect
from engine.domain.json import JsonObject, JsonValue
from engine.planning.kinds import CONTACTS, PERSON, artifact_kinds
from engine.planning.strict_schema import fits_strict, plain_properties
from engine.ports.language_model import ModelTool

EMIT_PLAN = "emit_plan"
"""The tool a planning model has to call, once."""

_TEXT: JsonObject = {"type": "string"}


def agent_catalogue(agents: Mapping[str, AgentSpec]) -> str:
    """Every agent with what it is for, what it does to the world, gives and takes; in order of name."""
    return "\n\n".join(("# Agents", *(_card(agents[name]) for name in sorted(agents))))


def emit_plan(agents: Mapping[str, AgentSpec]) -> ModelTool:
    """The tool a model hands its plan over with; strict where its schema is within the provider's limits."""
    steps: JsonObject = {
        "type": "array",
        "description": "In an order in which each step follows what it takes from; empty with a question",
        "items": {"anyOf": [_step_schema(agents[name]) for name in sorted(agents)]},
    }
    # In the order models write in: steps come before what is only read once the plan is whole, so that reads start early.
    schema = _closed(
        {
            "question": {
                "description": "null, or the one question without whose answer a plan would be a guess",
                "anyOf": [{"type": "null"}, _question_schema()],
            },
            "steps": steps,
            "understood": _text("What will be done, with every assumption made; in the request's language"),
            "sure": {"type": "boolean", "description": "false where the request may have meant something else"},
        }
    )
    return ModelTool(
        name=EMIT_PLAN,
        description="Hand over the whole plan, or the one question that has to be answered first.",
        schema=schema,
        strict=fits_strict(schema),
    )


def input_schemas(model: type[BaseModel]) -> Mapping[str, JsonObject]:
    """The schema of each input as a model fills it, in the model's order; inputs taken from steps are references."""
    kinds = {name: artifact_kinds(info.annotation) for name, info in model.model_fields.items()}
    literals = plain_properties(model, (name for name, taken in kinds.items() if not taken))
    return {
        name: _reference_schema(kinds[name], info.description or "") if kinds[name] else literals[name]
        for name, info in model.model_fields.items()
    }


def _card(spec: AgentSpec) -> str:
    effect = "reads only" if spec.effect is Effect.READ else "changes things"
    schemas = input_schemas(spec.inputs)
    lines = "\n".join(
        _line(name, schemas[name], required=info.is_required()) for name, info in spec.inputs.model_fields.items()
    )
    return f"## {spec.name}\n{spec.skill}\nEffect: {effect}. Gives: {spec.output}.\n{lines}"


def _line(name: str, schema: JsonObject, *, required: bool) -> str:
    told = "; ".join(part for part in (_type(schema), str(schema.get("description", ""))) if part)
    return f"- {name}{'' if required else ' (optional)'}: {told}"


def _type(schema: JsonObject) -> str:
    items = schema.get("items")
    if isinstance(items, Mapping):
        return f"list of {_type(items)}"
    if "properties" in schema:
        return "taken from a step" if "from" in _names(schema) else "object"
    for key in ("type", "const", "enum"):
        if key in schema:
            return str(schema[key])
    return "any of several"


def _names(schema: JsonObject) -> Sequence[str]:
    properties = schema.get("properties")
    return list(properties) if isinstance(properties, Mapping) else []


def _step_schema(spec: AgentSpec) -> JsonObject:
    inputs = input_schemas(spec.inputs)
    required = [name for name, info in spec.inputs.model_fields.items() if info.is_required()]
    return _closed(
        {
            "agent": {"const": spec.name},
            "id": _TEXT,
            "title": _TEXT,
            "after": {"type": "array", "items": _TEXT},
            "inputs": _closed(inputs, required),
        }
    )


def _question_schema() -> JsonObject:
    return _closed(
        {
            "text": _text("In the request's language, at most 300 characters"),
            "choices": {"type": "array", "items": _TEXT, "description": "Up to 5 likely answers, each a few words"},
        }
    )


def _reference_schema(kinds: Sequence[str], description: str) -> JsonObject:
    takes = " or ".join(sorted(kinds))
    properties: dict[str, JsonObject] = {"from": _TEXT}
    if PERSON in kinds:
        takes = f"{takes}, or one of {CONTACTS}"
        properties["one"] = {"type": "boolean", "description": f"true when taken from {CONTACTS}"}
    said = ". ".join(part for part in (description.rstrip("."), f"Takes {takes}") if part)
    return {**_closed(properties), "description": said}


def _closed(properties: Mapping[str, JsonObject], required: Sequence[str] | None = None) -> JsonObject:
    needed: list[JsonValue] = list(properties if required is None else required)
    return {"type": "object", "properties": properties, "required": needed, "additionalProperties": False}


def _text(description: str) -> JsonObject:
    return {**_TEXT, "description": description}
