"""The first of three judges: the JSON schemas generated from the types of the platform's SDK for Node.

It sees unknown blocks and fields, wrong kinds of text, wrong enumerations; it knows no lengths. Where the schemas have
not been generated it says nothing, except where ``TIZMOR_TESTS_NEED_BLOCKKIT_SCHEMA`` says that it must speak.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from typing import Any

from jsonschema import Draft7Validator
from jsonschema.exceptions import ValidationError

from tests.servers.blockkit import generate
from tests.servers.blockkit.pointers import is_list, is_object, problem, step


@cache
def definitions() -> dict[str, Any]:
    """Every shape by its name in the SDK; empty where the schemas were not generated.

    Raises:
        CannotGenerateError: they are absent where they are needed.
    """
    if not generate.current():
        if generate.NEEDED:
            raise generate.CannotGenerateError(generate.why_not())
        return {}
    return json.loads(generate.SCHEMA.read_text("utf-8"))["definitions"]


def available() -> bool:
    """Whether this judge speaks."""
    return bool(definitions())


@cache
def shape_of(block_type: str) -> str | None:
    """The name of the definition of a block ``type``."""
    known: list[dict[str, str]] = definitions()["KnownBlock"]["anyOf"]
    names = [reference["$ref"].rsplit("/", 1)[1] for reference in known]
    return next((name for name in names if block_type in _types(definitions()[name])), None)


def _types(shape: dict[str, Any]) -> set[str]:
    variants: list[dict[str, Any]] = shape.get("anyOf", [shape])
    return {variant["properties"]["type"]["const"] for variant in variants}


@cache
def _validator(name: str) -> Draft7Validator:
    return Draft7Validator({"$ref": f"#/definitions/{name}", "definitions": definitions()})


def problems_of(value: Any, shape: str, pointer: str) -> Iterator[str]:
    """What is wrong with ``value`` as one of ``shape``, at places below ``pointer``."""
    if not available():
        return
    errors: Iterator[ValidationError] = _validator(shape).iter_errors(value)  # pyright: ignore[reportUnknownMemberType] - its stubs
    for error in errors:
        yield from _told(error, pointer)


def problems_of_block(block: Any, pointer: str) -> Iterator[str]:
    """What is wrong with one block, and with the task cards of a plan, which the SDK leaves open."""
    if not available():
        return
    if not is_object(block) or not isinstance(block.get("type"), str):
        yield problem("a block is an object with a type", pointer)
        return
    shape = shape_of(block["type"])
    if shape is None:
        yield problem(f"unsupported type: {block['type']}", step(pointer, "type"))
        return
    yield from problems_of(block, shape, pointer)
    if block["type"] == "plan" and is_list(block.get("tasks")):
        for index, task in enumerate(block["tasks"]):
            whole = {"type": "task_card", **task} if is_object(task) else task
            yield from problems_of(whole, "TaskCardBlock", step(step(pointer, "tasks"), index))


def _told(error: ValidationError, pointer: str) -> Iterator[str]:
    """One error in the platform's words; of a union, only what is wrong with the member that was meant."""
    where = pointer
    for key in error.path:
        where = step(where, key)
    if error.validator not in ("anyOf", "oneOf"):
        yield problem(_reason(error), where)
        return
    meant = [errors for errors in _members(error) if not _of_another_type(errors)]
    if not meant:
        instance: Any = error.instance
        given = instance.get("type") if is_object(instance) else None
        yield (
            problem(f"unsupported type: {given}", step(where, "type"))
            if given
            else problem("failed to match all allowed schemas", where)
        )
        return
    for inner in min(meant, key=lambda errors: (len(errors), -max(len(one.path) for one in errors))):
        yield from _told(inner, where)


def _members(union: ValidationError) -> list[list[ValidationError]]:
    """What is wrong with each member of a union."""
    members: dict[Any, list[ValidationError]] = {}
    for inner in union.context or ():
        members.setdefault(inner.schema_path[0], []).append(inner)
    return list(members.values())


def _of_another_type(errors: list[ValidationError]) -> bool:
    """Whether a member was not meant: its ``type`` is another one, or it is a union of such."""
    return any(
        all(_of_another_type(inner) for inner in _members(error))
        if error.validator in ("anyOf", "oneOf") and not error.path
        else error.validator == "const" and list(error.path) == ["type"]
        for error in errors
    )


def _reason(error: ValidationError) -> str:
    match error.validator:
        case "required":
            return f"missing required field: {error.message.split(chr(39))[1]}"
        case "additionalProperties":
            return f"invalid additional property: {', '.join(_surplus(error))}"
        case "const":
            return f"must be {error.validator_value!r}"
        case "enum":
            return f"must be one of {error.validator_value}"
        case "type":
            return f"must be a {error.validator_value}"
        case _:
            return error.message[:200]


def _surplus(error: ValidationError) -> list[str]:
    schema: Any = error.schema
    instance: Any = error.instance
    return sorted(set(instance) - set(schema.get("properties", {})))
