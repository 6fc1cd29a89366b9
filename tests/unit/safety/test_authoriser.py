"""The whole role table, cell by cell."""

from __future__ import annotations

import pytest

from engine.domain.ids import PrincipalId, TenantId
from engine.domain.tenant import Principal, Role
from engine.errors import NotAllowedError, NotFoundError
from engine.safety.authoriser import Action, authorise

HOME, AWAY = TenantId("home"), TenantId("away")
ME, OTHER = PrincipalId("me"), PrincipalId("other")
TABLE = {
    Role.OWNER: {Action.ASK: "mine other", Action.ACT_FOR: "mine other", Action.SEE: "mine other", Action.STEER: "mine other", Action.DECIDE: "mine other"},
    Role.ADMIN: {Action.ASK: "mine other", Action.ACT_FOR: "mine other", Action.SEE: "mine other", Action.STEER: "mine other", Action.DECIDE: "mine"},
    Role.MEMBER: {Action.ASK: "mine other", Action.ACT_FOR: "", Action.SEE: "mine", Action.STEER: "mine", Action.DECIDE: "mine"},
    Role.NONE: dict.fromkeys(Action, ""),
}  # fmt: skip


def allowed(role: Role, action: Action, tenant: TenantId, owner: PrincipalId) -> bool:
    principal = Principal(id=ME, tenant_id=HOME, role=role)
    try:
        authorise(principal, action, tenant=tenant, owner=owner)
    except (NotAllowedError, NotFoundError):
        return False
    return True


@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize("action", list(Action))
def test_every_cell(role: Role, action: Action) -> None:
    assert allowed(role, action, HOME, ME) is ("mine" in TABLE[role][action])
    assert allowed(role, action, HOME, OTHER) is ("other" in TABLE[role][action])
    assert not allowed(role, action, AWAY, ME)


def test_another_persons_thing_does_not_exist_for_a_member() -> None:
    with pytest.raises(NotFoundError):
        authorise(Principal(id=ME, tenant_id=HOME, role=Role.MEMBER), Action.SEE, tenant=HOME, owner=OTHER)


@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize("action", list(Action))
def test_what_another_account_of_the_person_owns_is_theirs(role: Role, action: Action) -> None:
    principal = Principal(id=OTHER, tenant_id=HOME, role=role, also=frozenset({ME}))
    if "mine" in TABLE[role][action]:
        authorise(principal, action, tenant=HOME, owner=ME)
        authorise(principal, action, tenant=HOME, owner=OTHER)
    else:
        with pytest.raises((NotAllowedError, NotFoundError)):
            authorise(principal, action, tenant=HOME, owner=ME)
    with pytest.raises(NotFoundError):
        authorise(principal, action, tenant=AWAY, owner=ME)
