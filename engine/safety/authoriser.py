"""The one place that decides who may do what."""

from __future__ import annotations

from enum import StrEnum

from engine.domain.ids import PrincipalId, TenantId
from engine.domain.tenant import Principal, Role
from engine.errors import NotAllowedError, NotFoundError


class Action(StrEnum):
    """What a principal may want to do."""

    ASK = "ask"
    """Start an execution for themselves."""
    ACT_FOR = "act_for"
    """Start one in another person's name."""
    SEE = "see"
    """Look at an execution or approval."""
    STEER = "steer"
    """Pause, resume, cancel, rate."""
    DECIDE = "decide"
    """Answer an approval."""


_OWN = frozenset({Action.SEE, Action.STEER, Action.DECIDE})
_ALLOWED: dict[Role, frozenset[Action]] = {
    Role.OWNER: frozenset(Action),
    Role.ADMIN: frozenset({Action.ASK, Action.ACT_FOR, Action.SEE, Action.STEER}),
    Role.MEMBER: frozenset({Action.ASK}),
    Role.NONE: frozenset(),
}
"""Allowed on anything of the tenant; everybody with a role may also do ``_OWN`` on what is theirs."""


def authorise(
    principal: Principal, action: Action, *, tenant: TenantId | None = None, owner: PrincipalId | None = None
) -> None:
    """Let it pass or refuse.

    Args:
        principal: who acts, from proof.
        action: what they want.
        tenant: of the resource; another tenant's things do not exist.
        owner: whose the resource is; what any account of a person owns is theirs.

    Raises:
        NotFoundError: ``not_found``: another tenant's, or another person's that this role may not even see.
        NotAllowedError: ``not_allowed``.
    """
    if tenant is not None and tenant != principal.tenant_id:
        raise NotFoundError("not_found", "There is no such thing here.")
    if action in _ALLOWED[principal.role]:
        return
    if principal.role is not Role.NONE and owner in principal.ids and action in _OWN:
        return
    if owner is not None and Action.SEE not in _ALLOWED[principal.role]:
        raise NotFoundError("not_found", "There is no such thing here.")
    raise NotAllowedError(
        "not_allowed", f"{principal.id} may not {action.value.replace('_', ' ')} here; ask the owner."
    )
