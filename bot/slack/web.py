"""Slack's Web API as the product calls it: each call once, and every failure an error of ours that says what to do.

Whether to call again is for whoever knows whether it may: the SDK's own default repeats a call whose connection broke, and
so posts a message twice. Words given here are sent as they are: whoever makes them escapes them.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, cast

from aiohttp import ClientError, ClientSession, ClientTimeout
from loguru import logger
from slack_sdk.web.async_client import AsyncWebClient

from bot.slack.answers import ask, object_of, refused, unavailable
from engine.domain.json import JsonObject

PAGE = 200
"""Messages or channels asked for at a time."""
MOST_PAGES = 100
"""Of one answer; what lies beyond is left out, and said so."""
MOST_GONE_THROUGH = 2_000
"""Messages of a thread, which Slack gives oldest first, that are gone through for its newest."""
MOST_LINKS = 1_000
"""Addresses of messages that are remembered; they do not change."""
TITLE_CHARACTERS = 200
"""Of an agent session."""

_STOP_UNHEARD = "missing_agent_session_stopped_event_subscription"
"""Slack's warning that a session shows a Stop button which nobody would hear of."""
_KINDS = "public_channel,private_channel,mpim,im"

# At its debug level the SDK writes whole messages, and formats them for its logger whatever the level of the root is.
_LOGGER = logging.getLogger("tizmor.slack_sdk")
_LOGGER.setLevel(logging.WARNING)


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Who our token is."""

    team_id: str
    team_name: str
    bot_user_id: str
    bot_id: str
    app_id: str | None
    url: str
    """Of the workspace."""
    scopes: frozenset[str]
    """What it may do; empty where Slack did not say."""


@asynccontextmanager
async def slack_client(
    token: str, base_url: str, longest: timedelta, *, proxy: str | None = None
) -> AsyncGenerator[AsyncWebClient]:
    """A client that calls once, over connections of its own that are closed at the end.

    Args:
        token: the bot's.
        base_url: ends in ``/api/``.
        longest: what a call may take, from connecting to the last byte.
        proxy: through which to call; proxies of the environment are not used.
    """
    seconds = longest.total_seconds()
    async with ClientSession(timeout=ClientTimeout(total=seconds), trust_env=False) as session:
        client = AsyncWebClient(
            token=token, base_url=base_url, timeout=int(seconds), session=session, retry_handlers=[], logger=_LOGGER
        )
        client.proxy = proxy  # without one it has just taken that of the environment, for loopback too
        yield client


class SlackWeb:
    """The calls we make.

    Every one raises:
        UnavailableError: ``slack_unavailable``: nobody knows whether it was done; with ``retry_after``: Slack took it not,
            and wants to be left alone for so long.
        AuthExpiredError: ``slack_token_refused``.
        RefusedError: ``slack_refused``, with Slack's own word for it as ``reason``.

    All name the ``method`` in their parameters. Cancel: as when nobody knows whether it was done.
    """

    def __init__(self, client: AsyncWebClient) -> None:
        self._client: Any = client  # the SDK's methods take untyped keywords
        self._links: dict[tuple[str, str], str] = {}
        self._warned = False
        """Slack's warning about sessions was passed on."""

    async def identity(self) -> Identity:
        """Who we are."""
        answer = await ask("auth.test", self._client.auth_test())
        scopes = str(answer.headers.get("x-oauth-scopes") or "")
        return Identity(
            team_id=str(answer.get("team_id") or ""),
            team_name=str(answer.get("team") or ""),
            bot_user_id=str(answer.get("user_id") or ""),
            bot_id=str(answer.get("bot_id") or ""),
            app_id=str(answer.get("app_id") or "") or None,
            url=str(answer.get("url") or ""),
            scopes=frozenset(scope.strip() for scope in scopes.split(",") if scope.strip()),
        )

    async def user(self, user_id: str) -> dict[str, Any]:
        """A person, as ``users.info`` has them."""
        return dict(
            object_of((await ask("users.info", self._client.users_info(user=user_id, include_locale=True))).get("user"))
        )

    async def channels(self) -> list[dict[str, Any]]:
        """Every conversation we are in that is not archived."""

        def page(cursor: str | None, limit: int) -> Awaitable[Any]:
            return self._client.users_conversations(types=_KINDS, exclude_archived=True, limit=limit, cursor=cursor)

        return await _pages("users.conversations", page, "channels", None)

    async def history(self, channel: str, oldest: str, limit: int) -> list[dict[str, Any]]:
        """At most ``limit`` messages of a channel after ``oldest``, the newest there are, oldest first."""

        def page(cursor: str | None, limit: int) -> Awaitable[Any]:
            return self._client.conversations_history(
                channel=channel, oldest=oldest, limit=limit, cursor=cursor, include_all_metadata=True
            )

        return sorted(await _pages("conversations.history", page, "messages", limit), key=_moment)

    async def replies(
        self, channel: str, thread_ts: str, oldest: str = "0", limit: int = 200, *, newest: bool = False
    ) -> list[dict[str, Any]]:
        """At most ``limit`` messages of a thread after ``oldest``, oldest first, with our own metadata.

        The first there are, beginning with its root; with ``newest`` the last of as many as are gone through.
        """

        def page(cursor: str | None, limit: int) -> Awaitable[Any]:
            return self._client.conversations_replies(
                channel=channel, ts=thread_ts, oldest=oldest, limit=limit, cursor=cursor, include_all_metadata=True
            )

        most = MOST_GONE_THROUGH if newest else limit
        found = await _pages("conversations.replies", page, "messages", most)
        once = {message.get("ts"): message for message in found}  # the root comes with every page
        if newest and len(found) >= most:
            logger.bind(channel=channel, messages=len(found)).warning("slack_thread_read_in_part")
        return sorted(once.values(), key=_moment)[-limit:]

    async def post(
        self, channel: str, body: JsonObject, *, thread_ts: str | None = None, metadata: JsonObject | None = None
    ) -> str:
        """Post a message: nothing in it is unfurled, nor made a mention or a link that we did not make.

        Args:
            channel: where to.
            body: ``text`` and perhaps ``blocks``.
            thread_ts: root of the thread it belongs to; never shown in the channel besides.
            metadata: to find it again by.

        Returns:
            Its timestamp, which is its name in the channel.
        """
        call = self._client.chat_postMessage(
            channel=channel,
            text=body["text"],
            blocks=body.get("blocks"),
            thread_ts=thread_ts,
            metadata=metadata,
            unfurl_links=False,
            unfurl_media=False,
            parse="none",
            link_names=False,
        )
        return str((await ask("chat.postMessage", call)).get("ts"))

    async def update(self, channel: str, ts: str, body: JsonObject) -> None:
        """Show another state in a message of ours; its metadata stays.

        Raises:
            MessageGoneError: it is not there any more, or may not be edited. Otherwise as every call.
        """
        call = self._client.chat_update(
            channel=channel,
            ts=ts,
            text=body["text"],
            blocks=body.get("blocks") or [],  # left out, those shown before would stay
            parse="none",  # here Slack's default is another one than when posting
            link_names=False,
        )
        await ask("chat.update", call)

    async def whisper(
        self,
        channel: str,
        user: str,
        text: str,
        *,
        thread_ts: str | None = None,
        blocks: Sequence[JsonObject] | None = None,
    ) -> None:
        """Say something that only this person sees, until they look away."""
        call = self._client.chat_postEphemeral(
            channel=channel, user=user, text=text, blocks=blocks, thread_ts=thread_ts, parse="none", link_names=False
        )
        await ask("chat.postEphemeral", call)

    async def open_view(self, trigger_id: str, view: JsonObject) -> None:
        """Open a form for whoever has just pressed something; Slack takes that for three seconds and once."""
        await ask("views.open", self._client.views_open(trigger_id=trigger_id, view=view))

    async def push_view(self, trigger_id: str, view: JsonObject) -> None:
        """The same on top of the form in which they pressed it; Slack takes three on top of one another."""
        await ask("views.push", self._client.views_push(trigger_id=trigger_id, view=view))

    async def update_view(self, view_id: str, view: JsonObject, hash: str) -> None:  # noqa: A002 - Slack's word
        """Show another state of an open form, unless it is not the one with this hash any more."""
        await ask("views.update", self._client.views_update(view_id=view_id, view=view, hash=hash))

    async def open_dm(self, user: str) -> str:
        """The channel of direct messages with a person."""
        answer = await ask("conversations.open", self._client.conversations_open(users=[user]))
        return str(object_of(answer.get("channel")).get("id"))

    async def permalink(self, channel: str, ts: str) -> str:
        """The address of a message, asked for once; empty where Slack names none."""
        if (channel, ts) not in self._links:
            answer = await ask("chat.getPermalink", self._client.chat_getPermalink(channel=channel, message_ts=ts))
            link = str(answer.get("permalink") or "")
            if not link:
                return ""
            self._links[channel, ts] = link
            if len(self._links) > MOST_LINKS:
                del self._links[next(iter(self._links))]
        return self._links[channel, ts]

    async def session_status(self, channel: str, thread_ts: str, status: str, *, title: str, user: str) -> None:
        """Say where the agent's session of a thread is; makes it, with title and initiator, if there is none.

        Args:
            channel: where the thread is.
            thread_ts: its root.
            status: ``processing`` (with a Stop button), ``active``, ``suspended`` or ``closed``.
            title: what it is about; cut to what Slack takes.
            user: who began it; empty for nobody.
        """
        call = self._client.agents_sessions_setStatus(
            channel_id=channel,
            thread_ts=thread_ts,
            status=status,
            title=title[:TITLE_CHARACTERS] or None,
            initiator_user_id=user or None,
        )
        answer = await ask("agents.sessions.setStatus", call)
        if not self._warned and _STOP_UNHEARD in _warnings(answer):
            self._warned = True
            logger.bind(warning=_STOP_UNHEARD).warning("slack_stop_unheard")

    async def thinking(self, channel: str, thread_ts: str, text: str) -> None:
        """Show behind our name in a thread what is being done: two minutes, until a message, or until an empty text."""
        call = self._client.assistant_threads_setStatus(channel_id=channel, thread_ts=thread_ts, status=text)
        await ask("assistant.threads.setStatus", call)

    async def suggest(self, channel: str, prompts: Sequence[Mapping[str, str]]) -> None:
        """Offer up to four prompts (``title``, ``message``) in the messages tab."""
        call = self._client.assistant_threads_setSuggestedPrompts(
            channel_id=channel, prompts=[dict(prompt) for prompt in prompts]
        )
        await ask("assistant.threads.setSuggestedPrompts", call)

    async def upload(self, channel: str, thread_ts: str | None, filename: str, text: str, comment: str) -> str:
        """Attach a text as a file; it is seen only once all of it is there.

        Returns:
            The file's id.
        """
        content = (text or "\n").encode()  # Slack takes no empty file
        call = self._client.files_getUploadURLExternal(filename=filename, length=len(content))
        place = await ask("files.getUploadURLExternal", call)
        await self._send(str(place.get("upload_url")), content)
        call = self._client.files_completeUploadExternal(
            files=[{"id": str(place.get("file_id")), "title": filename}],
            channel_id=channel,
            thread_ts=thread_ts,
            initial_comment=comment or None,
        )
        await ask("files.completeUploadExternal", call)
        return str(place.get("file_id"))

    async def _send(self, url: str, content: bytes) -> None:
        """The bytes go to an address that answers in no shape of the Web API's."""
        try:
            async with self._client.session.post(url, data=content, proxy=self._client.proxy) as answer:
                status = answer.status
        except (ClientError, TimeoutError, OSError) as error:
            raise unavailable("upload", type(error).__name__) from error
        if status >= 500:
            raise unavailable("upload", str(status))
        if status != 200:
            raise refused("upload", str(status), "")


async def _pages(
    method: str, page: Callable[[str | None, int], Awaitable[Any]], items: str, limit: int | None
) -> list[dict[str, Any]]:
    """Everything, or the first so many, in the order in which it comes; no page twice, and no more than :data:`MOST_PAGES`."""
    found: list[dict[str, Any]] = []
    cursor, cursors = "", set[str]()
    while limit is None or len(found) < limit:
        answer = await ask(method, page(cursor or None, PAGE if limit is None else min(PAGE, limit - len(found))))
        found.extend(dict(object_of(item)) for item in cast("list[object]", answer.get(items) or []))
        cursor = str(object_of(answer.get("response_metadata")).get("next_cursor") or "")
        if not cursor:
            break
        if cursor in cursors or len(cursors) >= MOST_PAGES - 1:
            logger.bind(method=method, pages=len(cursors) + 1, found=len(found)).warning("slack_pages_left_out")
            break
        cursors.add(cursor)
    return found if limit is None else found[:limit]


def _warnings(answer: Any) -> str:
    """Whatever Slack warns of in an answer that is good."""
    return f"{answer.get('warning')},{object_of(answer.get('response_metadata')).get('warnings')}"


def _moment(message: Mapping[str, Any]) -> float:
    try:
        return float(message.get("ts") or 0)
    except ValueError:
        return 0.0
