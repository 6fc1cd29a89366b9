"""The shape a planner must emit: untrusted until :mod:`engine.planning.check` has made a plan of it."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field, JsonValue


class DraftBinding(BaseModel):
    """An input taken from another step's artifact."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    step: str
    one: bool = False


class DraftStep(BaseModel):
    """One step, as drafted."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str
    agent: str
    title: str = ""
    inputs: dict[str, JsonValue] = Field(default_factory=dict[str, JsonValue])
    bindings: dict[str, DraftBinding] = Field(default_factory=dict[str, DraftBinding])
    after: tuple[str, ...] = ()


class PlanDraft(BaseModel):
    """A whole draft."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    steps: tuple[DraftStep, ...]
    understood: str = ""
    sure: bool = True
