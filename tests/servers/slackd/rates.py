"""How often each method may be called: token buckets by method, app and workspace.

Tiers are of docs.slack.dev/apis/web-api/rate-limits. Slack tells no burst; here a bucket holds one minute's worth.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from tests.servers.clock import Clock


@dataclass(frozen=True, slots=True)
class Limit:
    """So many calls a minute in the long run, and so many at once."""

    per_minute: float
    burst: float


TIER_1, TIER_2, TIER_3, TIER_4 = Limit(1, 1), Limit(20, 20), Limit(50, 50), Limit(100, 100)
SPECIAL = Limit(600, 100)
PER_CHANNEL = Limit(60, 4)
"""``chat.postMessage``: one a second in a channel, with a short burst."""
WORKSPACE_POSTS = Limit(300, 100)
"""… and several hundred a minute in a workspace."""
NOT_MARKETPLACE = Limit(1, 1)
"""History and replies for apps that are sold outside the Marketplace: one a minute, fifteen messages at most."""

TIERS: dict[str, Limit] = {
    "auth.test": SPECIAL,
    "bots.info": TIER_3,
    "team.info": TIER_3,
    "users.info": TIER_4,
    "users.list": TIER_2,
    "users.lookupByEmail": TIER_3,
    "users.conversations": TIER_3,
    "conversations.list": TIER_2,
    "conversations.info": TIER_3,
    "conversations.history": TIER_3,
    "conversations.replies": TIER_3,
    "conversations.open": TIER_3,
    "conversations.members": TIER_4,
    "conversations.join": TIER_3,
    "chat.postMessage": WORKSPACE_POSTS,
    "chat.update": TIER_3,
    "chat.delete": TIER_3,
    "chat.postEphemeral": TIER_4,
    "chat.getPermalink": SPECIAL,
    "chat.scheduleMessage": TIER_3,
    "chat.startStream": TIER_2,
    "chat.appendStream": TIER_4,
    "chat.stopStream": TIER_2,
    "agents.sessions.setStatus": TIER_3,
    "agents.sessions.rename": TIER_3,
    "assistant.threads.setStatus": SPECIAL,
    "assistant.threads.setTitle": TIER_4,
    "assistant.threads.setSuggestedPrompts": TIER_4,
    "views.open": TIER_4,
    "views.push": TIER_4,
    "views.update": TIER_4,
    "views.publish": TIER_4,
    "reactions.add": TIER_3,
    "reactions.remove": TIER_2,
    "reactions.get": TIER_3,
    "files.getUploadURLExternal": TIER_4,
    "files.completeUploadExternal": TIER_4,
    "files.info": TIER_4,
    "files.delete": TIER_3,
    "apps.connections.open": Limit(1, 20),  # tier 1; Slack lets a restarted app connect again, so the burst is generous
    "apps.manifest.create": Limit(1, 10),
    "apps.manifest.update": Limit(1, 10),
    "apps.manifest.validate": TIER_3,
    "apps.manifest.export": TIER_3,
    "tooling.tokens.rotate": Limit(1, 10),
    "blocks.validate": TIER_3,
    "oauth.v2.access": TIER_4,
}


class Rates:
    """The buckets of one app in one workspace."""

    def __init__(self, clock: Clock, *, enforced: bool, marketplace: bool, tiers: Mapping[str, Limit]) -> None:
        self._clock = clock
        self._enforced = enforced
        self._tiers = TIERS | dict(tiers)
        if not marketplace:
            self._tiers |= dict.fromkeys(("conversations.history", "conversations.replies"), NOT_MARKETPLACE)
        self._own = "chat.postMessage" not in tiers
        self._levels: dict[tuple[str, str], tuple[float, float]] = {}

    def admit(self, method: str, channel: str) -> int | None:
        """None when the call may pass, else the seconds of ``Retry-After``."""
        if not self._enforced:
            return None
        wanted = [((method, ""), self._tiers.get(method, SPECIAL))]
        if method == "chat.postMessage" and self._own:
            wanted.append(((method, channel), PER_CHANNEL))
        now = self._clock.running()
        waits = [math.ceil((1 - 1e-6 - self._level(key, limit, now)) * 60 / limit.per_minute) for key, limit in wanted]
        if max(waits) > 0:
            return max(waits)
        for key, limit in wanted:
            self._levels[key] = (self._level(key, limit, now) - 1, now)
        return None

    def _level(self, key: tuple[str, str], limit: Limit, now: float) -> float:
        level, at = self._levels.get(key, (limit.burst, now))
        return min(limit.burst, level + (now - at) * limit.per_minute / 60)
