"""Narrows the inputs an executor hands over to the one model an agent declares."""

from __future__ import annotations

from typing import TypeVar

from pydantic import BaseModel

from engine.errors import InternalError

_Inputs = TypeVar("_Inputs", bound=BaseModel)


def typed(inputs: BaseModel, model: type[_Inputs]) -> _Inputs:
    """The inputs as their declared model.

    Raises:
        InternalError: ``inputs_mistyped``: the executor validated against another agent's model.
    """
    if not isinstance(inputs, model):
        raise InternalError("inputs_mistyped", f"Expected {model.__name__}, got {type(inputs).__name__}.")
    return inputs
