"""Identifier types. Mixing two of them is a type error; none carries meaning a client may parse."""

from __future__ import annotations

import hashlib
from typing import NewType

TenantId = NewType("TenantId", str)
PrincipalId = NewType("PrincipalId", str)
ConversationId = NewType("ConversationId", str)
ExecutionId = NewType("ExecutionId", str)
StepId = NewType("StepId", str)
ApprovalId = NewType("ApprovalId", str)
ChoiceId = NewType("ChoiceId", str)
EffectKey = NewType("EffectKey", str)
"""``tenant/execution/step/effect number``: no attempt number, so a retry carries the same key."""

DEFAULT_TENANT = TenantId("local")
DEFAULT_CONVERSATION = ConversationId("local")


def effect_key(tenant: TenantId, execution: ExecutionId, step: StepId, number: int) -> EffectKey:
    """Name one logical effect, the same on every attempt and after every restart."""
    return EffectKey(f"{tenant}/{execution}/{step}/{number}")


def opaque(key: str, length: int = 24) -> str:
    """A stable name derived from ``key`` that reveals nothing of it: for calendar UIDs, Message-IDs, button ids.

    Returns:
        ``length`` (at most 64) lower-case hexadecimal digits of SHA-256.
    """
    return hashlib.sha256(key.encode()).hexdigest()[:length]
