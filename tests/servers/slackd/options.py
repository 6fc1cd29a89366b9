"""What one local Slack is started with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tests.servers.slackd.log import Json
from tests.servers.slackd.rates import Limit


@dataclass(frozen=True, slots=True, kw_only=True)
class SlackdOptions:
    """Strict unless loosened here, by name."""

    manifest: Path | Json = Path(__file__).parents[3] / "manifest.yml"
    """The app's manifest: its scopes and events are all the app gets."""
    port: int = 0
    """0 takes a free one."""
    realtime: bool = False
    """The clock follows the wall (it can still be moved ahead). Otherwise it stands still between ``advance``s."""
    start: float | None = None
    """Where the clock begins, seconds since the epoch; None is now, so that signatures are fresh for a real verifier."""
    ack_seconds: float = 3.0
    """How long the app has to acknowledge."""
    patience: float = 10.0
    """Real seconds after which a deadline of a clock that stands still has passed nevertheless."""
    rates: bool = True
    """Enforce the rate limits."""
    tiers: Mapping[str, Limit] = field(default_factory=dict[str, Limit])
    """Other limits than Slack's, by method."""
    marketplace: bool = True
    """False: history and replies once a minute with fifteen messages, as for apps sold outside the Marketplace."""
    warn_unsubscribed: bool = False
    """Put ``event_not_subscribed:<type>`` into the warnings when an event has no subscription or scope."""
    scopes: tuple[str, ...] | None = None
    """Scopes of the installation, when they shall differ from the manifest's (an app not reinstalled after a change)."""
    retry_after: tuple[float, float, float] = (0.0, 60.0, 300.0)
    """Seconds from a failed delivery to each next try."""
