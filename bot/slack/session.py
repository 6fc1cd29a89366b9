"""What a thread shows besides messages while an execution goes on: the agent session's status and the line while planning.

Worth a try and nothing more: what Slack refuses is said in the log once and left alone, and nothing waits for it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from loguru import logger

from bot.messenger import Picture, Urgency
from bot.render.card import Card
from bot.render.texts import Texts
from bot.slack.address import Thread
from bot.slack.pace import Family, Pace
from bot.slack.web import TITLE_CHARACTERS, SlackWeb
from engine.domain.json import JsonObject
from engine.errors import RefusedError, UnavailableError

SESSION = "session"
"""Its purpose among an execution's pictures."""
STATUS, LINE = "agents.sessions.setStatus", "assistant.threads.setStatus"
MAY_FAIL = 3
"""Times in a row a call may fail while messages are taken, before it is left alone for a while."""
REST_SECONDS = 600.0

PROCESSING = frozenset({"planning", "running", "stopping"})
"""Statuses of a card at work: Slack shows its Stop button."""
SUSPENDED = frozenset({"asking", "paused", "waiting"})
"""… that wait for somebody or for a time. All others are ends: the session is active, as the thread takes what follows."""

_UNABLE = frozenset({"feature_not_enabled", "method_deprecated", "missing_scope", "not_an_agent_app", "unknown_method"})
"""Refusals that will come again for every session."""


def session_picture(card: Card) -> Picture:
    """The session's state as a picture of its own."""
    name = card.status.name
    state = "processing" if name in PROCESSING else "suspended" if name in SUSPENDED else "active"
    title = card.title.replace("<", "‹").replace(">", "›")  # whatever Slack makes of it, no mention
    line = Texts(card.locale).say("slack_out.planning") if name == "planning" else ""
    return Picture(
        purpose=SESSION,
        urgency=Urgency.PROGRESS if state == "processing" else Urgency.SETTLE,
        body={"status": state, "title": title[:TITLE_CHARACTERS], "line": line},
    )


class Sessions:
    """Sets them.

    Args:
        web: the calls.
        pace: counts them.
        works: whether Slack takes messages, so that what fails is this alone.
    """

    def __init__(self, web: SlackWeb, pace: Pace, works: Callable[[], bool]) -> None:
        self._web = web
        self._pace = pace
        self._works = works
        self._failed: dict[str, int] = {}
        self._off: dict[str, float] = {}
        """Until when a method is not called."""
        self._told: set[tuple[str, str]] = set()
        self._lined: set[Thread] = set()
        """Threads that show a line."""

    async def tell(self, thread: Thread, user: str | None, body: JsonObject) -> None:
        """Show a state; what Slack does not take is as good as shown.

        Raises:
            UnavailableError: it is worth another try: Slack wants a pause, or takes messages no more than this.
            AuthExpiredError: Slack does not know us any more.
        """
        status, title, line = str(body["status"]), str(body["title"]), str(body["line"])
        await self._try(
            STATUS,
            lambda: self._web.session_status(thread.channel, thread.ts, status, title=title, user=user or ""),
        )
        if line or thread in self._lined:
            await self._try(LINE, lambda: self._web.thinking(thread.channel, thread.ts, line))
            (self._lined.add if line else self._lined.discard)(thread)

    async def _try(self, method: str, call: Callable[[], Awaitable[None]]) -> None:
        if self._off.get(method, 0.0) > self._pace.now():
            return
        self._pace.take(Family.SESSION)
        try:
            await call()
        except UnavailableError as error:
            self._count(method, error)
        except RefusedError as error:
            self._note(method, error)
        else:
            self._failed.pop(method, None)

    def _count(self, method: str, error: UnavailableError) -> None:
        """Raise what is worth another try."""
        if error.retry_after is not None:
            self._pace.penalise(method, error.retry_after)
            raise error
        if not self._works():
            raise error
        failed = self._failed[method] = self._failed.get(method, 0) + 1
        if failed < MAY_FAIL:
            raise error
        del self._failed[method]
        self._off[method] = self._pace.now() + REST_SECONDS
        logger.bind(method=method, code=error.code, detail=error.detail).warning("slack_extra_rests")

    def _note(self, method: str, error: RefusedError) -> None:
        reason = error.parameters.get("reason", "")
        if reason in _UNABLE:
            self._off[method] = float("inf")
        if (method, reason) not in self._told:
            self._told.add((method, reason))
            logger.bind(method=method, reason=reason).warning("slack_extra_refused")
