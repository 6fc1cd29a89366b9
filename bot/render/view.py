"""What people see of an execution, without any platform: its card and the replies that notify."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from bot.render.approvals import ApprovalBlock
from bot.render.card import Card, render_card
from bot.render.replies import Reply, render_replies
from engine.domain.ids import PrincipalId
from engine.domain.snapshot import ExecutionSnapshot


@dataclass(frozen=True, slots=True, kw_only=True)
class CardLook:
    """What every card of this installation says alike."""

    gated_agents: frozenset[str]
    """Agents whose writes a person is asked about first."""
    model_agents: frozenset[str] = frozenset()
    """Agents that ask a language model here."""
    banner: str = ""
    """Something the installation must own up to: ``scripted``, or empty."""
    undone_by: Mapping[str, str] = field(default_factory=dict[str, str])
    """The tool that takes back what another did, by that one's name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExecutionView:
    """One execution as of one event."""

    card: Card
    replies: tuple[Reply, ...]
    """One for each question, oldest first, then the final one."""

    def approval(self, reply: Reply) -> ApprovalBlock | None:
        """The open question a reply asks, or None where it is answered."""
        return next((block for block in self.card.approvals if reply.purpose == f"approval:{block.id}"), None)


def render_view(
    snapshot: ExecutionSnapshot, look: CardLook, *, now: datetime, names: Mapping[PrincipalId, str]
) -> ExecutionView:
    """Fold one snapshot into what is shown of it.

    Args:
        snapshot: everything about the execution.
        look: what every card of this installation says alike.
        now: the current instant.
        names: what to call the people in it.
    """
    card = render_card(
        snapshot, now=now, gated_agents=look.gated_agents, model_agents=look.model_agents, banner=look.banner
    )
    return ExecutionView(card=card, replies=render_replies(snapshot, names=names, now=now, undone_by=look.undone_by))
