"""One fault of a draft, by name, and how faults are listed for logs, clients and the model that made them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from engine.errors import PlanError

_MAX_LISTED = 100
_MAX_QUOTED = 80


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One fault of a draft."""

    code: str
    """Of a whole draft or its steps: ``empty_plan too_many_steps bad_id duplicate_id unknown_agent title_too_long
    dangling_reference self_reference unknown_earlier cycle too_deep unknown_argument missing_argument wrong_argument
    argument_twice wrong_binding``. Of a model's answer: ``missing_field unknown_field wrong_type empty_question no_plan
    several_plans unknown_tool cut question_too_late``."""
    step: str
    """The draft's id of the step at fault, shortened; empty where the whole plan is at fault."""
    detail: str
    """One English clause: what is wrong, with its value."""


def finding(code: str, step: str, detail: str) -> Finding:
    """A fault of the step with this id, however long the id is."""
    return Finding(code=code, step=step[:_MAX_QUOTED], detail=detail)


def listed(found: Sequence[Finding], *, most: int = _MAX_LISTED) -> tuple[str, ...]:
    """Each fault in one line, ``code in 'step': detail``; of more than ``most``, the number of the others stands last."""
    lines = [f"{f.code}{f' in {quote(f.step)}' if f.step else ''}: {f.detail}" for f in found[:most]]
    return (*lines, f"and {len(found) - most} more") if len(found) > most else tuple(lines)


def invalid(found: Sequence[Finding]) -> PlanError:
    """The error that lists these faults: ``draft_invalid``."""
    return PlanError(
        "draft_invalid",
        f"The drafted plan cannot run: {'; '.join(listed(found))}. Plan again without these faults.",
        {"count": str(len(found)), "codes": ", ".join(sorted({f.code for f in found}))},
    )


def quote(text: str) -> str:
    """Foreign text as a short literal that cannot break out of its line."""
    return repr(text if len(text) <= _MAX_QUOTED else text[:_MAX_QUOTED] + "…")
