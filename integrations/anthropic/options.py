"""What the adapter has to be told: where to ask, which models, how long to wait. Filled in by the composition root."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Literal
from urllib.parse import SplitResult, urlsplit

from engine.ports.language_model import ModelRole

OFFICIAL_HOST = "api.anthropic.com"
OFFICIAL_URL = f"https://{OFFICIAL_HOST}"

Effort = Literal["low", "medium", "high", "xhigh", "max"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleOptions:
    """The model of one role."""

    model: str
    """Its id, as the provider names it."""
    effort: Effort | None = None
    """How hard it tries, and so thinks; None leaves it to the model. Compatible servers are not told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeouts:
    """How long each phase of a call may take."""

    connect: timedelta
    """Until the connection stands."""
    first_byte: timedelta
    """From there until the provider begins to answer; the longest phase when it is busy."""
    between_events: timedelta
    """Between two signs of life, keep-alive pings included: a model that thinks sends nothing else."""
    whole: timedelta
    """The call from its first to its last byte; waiting for a free connection is not counted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AnthropicOptions:
    """Everything that does not change while the product runs."""

    planner: RoleOptions
    agent: RoleOptions
    timeouts: Timeouts
    connections: int
    """Most calls at once; further ones wait for a free connection, in order."""
    api_key: str | None = field(default=None, repr=False)
    """None is fine for a compatible server."""
    base_url: str | None = None
    """Of a compatible server, without ``/v1``; None is Anthropic's own."""

    @property
    def url(self) -> str:
        """Where calls go."""
        return self.base_url or OFFICIAL_URL

    @property
    def host(self) -> str:
        """The server's name, with its port where that is not the usual one."""
        return _split(self.url).netloc.rpartition("@")[2] or self.url

    @property
    def official(self) -> bool:
        """Is it Anthropic's own? Only there are caching, strict schemas, effort and bound answers relied on."""
        return _split(self.url).hostname == OFFICIAL_HOST

    @property
    def lacks_key(self) -> bool:
        """No call can succeed: Anthropic's own servers are asked, and there is no key."""
        return self.official and not self.api_key

    def of(self, role: ModelRole) -> RoleOptions:
        """The options of a role."""
        return self.planner if role is ModelRole.PLANNER else self.agent


def _split(url: str) -> SplitResult:
    """The address's parts; of one that is none, its words as the path."""
    try:
        return urlsplit(url)
    except ValueError:
        return SplitResult("", "", url, "", "")
