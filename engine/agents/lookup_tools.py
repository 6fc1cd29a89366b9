"""The tools an assisting model is offered, as it sees them, and its input to them, checked.

No path, address or query language comes from the model: it names words, days, and numbers of rows it was shown.
"""

from __future__ import annotations

from datetime import date

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from engine.agents.quoting import one_line
from engine.agents.statements import closed
from engine.domain.json import JsonObject
from engine.ports.language_model import ModelTool

SEARCH_DOCUMENTS = "search_documents"
READ_DOCUMENTS = "read_documents"
FIND_PEOPLE = "find_people"
LIST_APPOINTMENTS = "list_appointments"
MAX_READ = 5
"""Documents read at once."""

_TEXT: JsonObject = {"type": "string"}
_DAY: JsonObject = {"type": "string", "description": "A day as YYYY-MM-DD."}


class InvalidInputError(Exception):
    """The model's input does not fit; the message tells it what to do instead."""


class _Input(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class SearchInput(_Input):
    """Of ``search_documents``."""

    terms: tuple[str, ...] = Field(min_length=1, max_length=12)
    since: date | None = None
    until: date | None = None


class ReadInput(_Input):
    """Of ``read_documents``."""

    documents: tuple[int, ...] = Field(min_length=1, max_length=MAX_READ)
    question: str = Field(min_length=1, max_length=500)


class PeopleInput(_Input):
    """Of ``find_people``."""

    name: str = Field(min_length=1, max_length=200)


class AppointmentsInput(_Input):
    """Of ``list_appointments``."""

    since: date
    until: date


Lookup = SearchInput | PeopleInput | AppointmentsInput
"""What is answered by looking; reading takes a model as well."""

_INPUTS: dict[str, type[Lookup | ReadInput]] = {
    SEARCH_DOCUMENTS: SearchInput,
    READ_DOCUMENTS: ReadInput,
    FIND_PEOPLE: PeopleInput,
    LIST_APPOINTMENTS: AppointmentsInput,
}


def _tool(name: str, description: str, required: JsonObject, optional: JsonObject | None = None) -> ModelTool:
    schema = {**closed(required), "properties": {**required, **(optional or {})}}
    return ModelTool(name=name, description=description, schema=schema, strict=True)


TOOLS = (
    _tool(
        SEARCH_DOCUMENTS,
        "Find documents that hold any of the terms, best first. Give words as they would stand in the text, in Hebrew"
        " and in English where both are likely. The optional days narrow to documents of that period.",
        {"terms": {"type": "array", "items": _TEXT, "description": "1 to 12 words or short phrases."}},
        {"since": _DAY, "until": _DAY},
    ),
    _tool(
        READ_DOCUMENTS,
        "Read documents that were found and tell what they say on a question, in quotes with their places.",
        {
            "documents": {
                "type": "array",
                "items": {"type": "integer"},
                "description": f"1 to {MAX_READ} numbers n of rows that name a file.",
            },
            "question": {**_TEXT, "description": "What to look for, one sentence."},
        },
    ),
    _tool(
        FIND_PEOPLE,
        "Find people in the address book by name, in Hebrew or Latin letters: addresses, phones, roles.",
        {"name": _TEXT},
    ),
    _tool(
        LIST_APPOINTMENTS,
        "List what stands in the person's calendar from one day to another, both included.",
        {"since": _DAY, "until": _DAY},
    ),
)


def read_input(name: str, value: JsonObject) -> Lookup | ReadInput:
    """The input of a tool as its model.

    Raises:
        InvalidInputError: there is no such tool, or the input does not fit it.
    """
    model = _INPUTS.get(name)
    if model is None:
        raise InvalidInputError(f"There is no tool {one_line(name, 60)!r}; there are {', '.join(_INPUTS)}.")
    try:
        return model.model_validate(value)
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"])
        raise InvalidInputError(f"{field}: {first['msg']}. Correct it and call again.") from error
