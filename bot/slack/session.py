"""What a thread shows besides messages while executions go on in it: the agent session's status and the line while planning.

A thread has one session, whatever is asked in it meanwhile: it is at work while any of its executions is. Worth a try and
nothing more: what Slack refuses is said in the log once and left alone, and nothing waits for it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from weakref import WeakValueDictionary

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
LONGEST_SECONDS = 3.0
"""What a call may take: it is worth less than its connection."""
MOST_LIVE = 1_000
"""Executions that are remembered; of more, the one that was first told of is forgotten."""

PROCESSING = frozenset({"planning", "running", "stopping"})
"""Statuses of a card at work: Slack shows its Stop button."""
SUSPENDED = frozenset({"asking", "paused", "waiting"})
"""… that wait for somebody or for a time. All others are ends: the session is active, as the thread takes what follows."""

_MOST_ALIVE = ("processing", "suspended")
"""Of a thread's executions, the first of these that any is in is the session's."""
_UNABLE = frozenset({"feature_not_enabled", "method_deprecated", "missing_scope", "not_an_agent_app", "unknown_method"})
"""Refusals that will come again for every session."""


def session_picture(card: Card, process: str) -> Picture:
    """The session's state as a picture of its own.

    Args:
        card: of the execution.
        process: names this process. Which executions a thread has it knows from those it tells of, so each tells of every
            one that it draws, though an earlier one showed the same.
    """
    name = card.status.name
    state = "processing" if name in PROCESSING else "suspended" if name in SUSPENDED else "active"
    title = card.title.replace("<", "‹").replace(">", "›")  # whatever Slack makes of it, no mention
    line = Texts(card.locale).say("slack_out.planning") if name == "planning" else ""
    return Picture(
        purpose=SESSION,
        urgency=Urgency.PROGRESS if state == "processing" else Urgency.SETTLE,
        body={
            "status": state,
            "title": title[:TITLE_CHARACTERS],
            "line": line,
            "execution": card.id,
            "process": process,
        },
        aside=True,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _State:
    """One execution's part in the session of its thread."""

    status: str
    title: str
    user: str
    line: str


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
        self._live: dict[str, tuple[Thread, _State]] = {}
        """Executions that are not over, in the order in which they were first told of."""
        self._turns: WeakValueDictionary[Thread, asyncio.Lock] = WeakValueDictionary()
        """Calls about a thread go one after another, or the last to arrive might not be the latest."""

    def drawn(self, body: JsonObject) -> None:
        """An execution has this state, to be told of when its turn comes: whatever else is told of its thread counts with it."""
        known = self._live.get(str(body["execution"]))
        if known is not None:
            thread, state = known
            self._note(thread, state.user, body)

    async def tell(self, thread: Thread, user: str | None, body: JsonObject) -> None:
        """Show the state of a thread, one of whose executions has this one; what Slack does not take is as good as shown.

        Title and initiator are those of the execution that goes on longest.

        Raises:
            UnavailableError: it is worth another try: Slack wants a pause, or takes messages no more than this.
            AuthExpiredError: Slack does not know us any more.
        """
        told = self._note(thread, user or "", body)
        turn = self._turns.setdefault(thread, asyncio.Lock())
        async with turn:
            state = self._state_of(thread, told)
            await self._try(
                STATUS,
                lambda: self._web.session_status(
                    thread.channel, thread.ts, state.status, title=state.title, user=state.user
                ),
            )
            if state.line or thread in self._lined:
                await self._try(LINE, lambda: self._web.thinking(thread.channel, thread.ts, state.line))
                (self._lined.add if state.line else self._lined.discard)(thread)

    def _note(self, thread: Thread, user: str, body: JsonObject) -> _State:
        execution = str(body["execution"])
        state = _State(status=str(body["status"]), title=str(body["title"]), user=user, line=str(body["line"]))
        if state.status not in _MOST_ALIVE:
            self._live.pop(execution, None)
            return state
        self._live[execution] = thread, state
        if len(self._live) > MOST_LIVE:
            del self._live[next(iter(self._live))]
        return state

    def _state_of(self, thread: Thread, told: _State) -> _State:
        """What the thread shows: ``told`` where nothing goes on in it any more."""
        live = [state for where, state in self._live.values() if where == thread]
        if not live:
            return told
        statuses = {state.status for state in live}
        status = next(status for status in _MOST_ALIVE if status in statuses)
        line = next((state.line for state in live if state.line), "")
        return replace(live[0], status=status, line=line)

    async def _try(self, method: str, call: Callable[[], Awaitable[None]]) -> None:
        if self._off.get(method, 0.0) > self._pace.now():
            return
        self._pace.take(Family.SESSION)
        try:
            async with asyncio.timeout(LONGEST_SECONDS):
                await call()
        except TimeoutError:
            detail = f"{method}: no answer in {LONGEST_SECONDS:g} s."
            self._count(method, UnavailableError("slack_unavailable", detail, {"method": method, "reason": "timeout"}))
        except UnavailableError as error:
            self._count(method, error)
        except RefusedError as error:
            self._say_once(method, error)
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

    def _say_once(self, method: str, error: RefusedError) -> None:
        reason = error.parameters.get("reason", "")
        if reason in _UNABLE:
            self._off[method] = float("inf")
        if (method, reason) not in self._told:
            self._told.add((method, reason))
            logger.bind(method=method, reason=reason).warning("slack_extra_refused")
