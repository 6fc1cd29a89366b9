"""What clients may send about plans: exactly one change at a time."""

from __future__ import annotations

from pydantic import Field

from bot.web.bodies import Body, Name, cleaned
from bot.web.problems import FieldProblemError
from engine.domain.ids import StepId
from engine.domain.json import JsonValue
from engine.planning.editing import ChangeInputs, Drop, GoBack, PlanEdit, Retry


class InputsBody(Body):
    """Other arguments for a step."""

    step: Name
    inputs: dict[str, JsonValue] = Field(min_length=1, description="The ones that change; null takes one away.")


class PlanEditBody(Body):
    """One change of a plan."""

    drop: list[Name] | None = Field(
        default=None, min_length=1, max_length=200, description="Steps to leave out, with whatever needs one of them."
    )
    retry: Name | None = Field(default=None, description="A step to do again that failed or was skipped.")
    edit: InputsBody | None = None
    go_back: int | None = Field(default=None, ge=1, description="An older version to do what it said.")
    text: str | None = Field(default=None, description="What is to be different, in words.")

    def to_domain(self) -> PlanEdit | str:
        """The change.

        Raises:
            FieldProblemError: there is none, or more than one.
        """
        given = self.model_dump(exclude_none=True)
        if len(given) != 1:
            names = ", ".join(PlanEditBody.model_fields)
            raise FieldProblemError("", f"must have exactly one of: {names}")
        if self.drop is not None:
            return Drop(steps=tuple(map(StepId, self.drop)))
        if self.retry is not None:
            return Retry(step=StepId(self.retry))
        if self.edit is not None:
            return ChangeInputs(step=StepId(self.edit.step), inputs=self.edit.inputs)
        if self.go_back is not None:
            return GoBack(version=self.go_back)
        return cleaned(self.text or "", "/text")


class ForkBody(Body):
    """Where to begin again."""

    step: Name | None = Field(default=None, description="The first step to do again; without it, whatever failed.")
    text: str | None = Field(default=None, description="What is to be different, in words.")

    def cleaned_text(self) -> str:
        """The words as they are taken; empty for none.

        Raises:
            RequestError: there is nothing in them, or they are too long.
        """
        return "" if self.text is None else cleaned(self.text, "/text")
