"""What stands between Slack and a working bot: each thing with its mend, in words.

Asks only what changes nothing: who the tokens are, whether a socket may be opened, which channels the bot is in, and, with
a configuration token, how the app is set up.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from pydantic import SecretStr

from bot.render.texts import Texts
from bot.seen import Seen
from bot.settings import Settings
from bot.slack.credentials import (
    BotIdentity,
    TokenKind,
    app_of,
    app_of_bot,
    connected,
    identify,
    kind_of,
    translated,
    try_socket,
)
from bot.slack.manifest import EVENTS_PATH, SCOPES, missing_from, why
from engine.errors import IntegrationError

WORST_SKEW = timedelta(seconds=60)
"""Slack's signatures are refused when five minutes old; a clock this far off will get there."""

APPS = "https://api.slack.com/apps"
HARMLESS = frozenset({
    "app_id_differs", "channels", "config_rejected", "events_unseen", "no_channel", "scopes_more", "scopes_unknown",
})  # fmt: skip
"""Findings with which the bot works."""


def page(app_id: str | None, name: str) -> str:
    """Address of a page of the app's configuration; the list of apps where the app is not known."""
    return f"{APPS}/{app_id}/{name}" if app_id else APPS


def wrong_kinds(bot: SecretStr | None, app: SecretStr | None) -> Iterator[tuple[str, str, TokenKind, TokenKind]]:
    """Code, setting, what it holds and what it should hold, of tokens of a wrong kind."""
    pairs = (("SLACK_BOT_TOKEN", bot, TokenKind.BOT), ("SLACK_APP_TOKEN", app, TokenKind.APP))
    found = [(name, kind_of(token.get_secret_value()), wanted) for name, token, wanted in pairs if token]
    if [kind for _, kind, _ in found] == [TokenKind.APP, TokenKind.BOT]:
        yield "tokens_swapped", "", TokenKind.APP, TokenKind.BOT
        return
    for name, kind, wanted in found:
        if kind is not wanted:
            yield "token_kind", name, kind, wanted


def about_scopes(scopes: frozenset[str]) -> tuple[str, Mapping[str, str]] | None:
    """Code and values of what there is to say about a token's scopes; None where they are just those needed."""
    if not scopes:
        return "scopes_unknown", {}
    if missing := sorted(SCOPES - scopes):
        uses = sorted({use for scope in missing for use in why(scope)})
        return "scopes_missing", {"scopes": ", ".join(missing), "uses": ", ".join(uses)}
    more = sorted(scopes - SCOPES)
    return ("scopes_more", {"scopes": ", ".join(more)}) if more else None


async def examine_slack(settings: Settings, now: Callable[[], datetime]) -> tuple[Seen, ...]:
    """Look at everything; a few questions to Slack, of ten seconds each at most. Never raises for what it looks at.

    Cancel: stops at once.
    """
    if settings.slack_bot_token is None and settings.slack_app_token is None and settings.slack_signing_secret is None:
        texts = Texts(settings.tizmor_locale, settings.tizmor_timezone)
        return (Seen(code="absent", ok=True, text=texts.say("doctor_slack.absent")),)
    return await _Examination(settings, now).run()


@dataclass(slots=True)
class _Examination:
    settings: Settings
    now: Callable[[], datetime]
    seen: list[Seen] = field(default_factory=list[Seen])
    app_id: str | None = None

    async def run(self) -> tuple[Seen, ...]:
        """From what needs no network to what needs everything before it."""
        bot, socket = self.settings.slack_bot_token, self.settings.slack_app_token
        self.app_id = self.settings.slack_app_id or (app_of(socket.get_secret_value()) if socket else None)
        if not self._tokens_fit() or bot is None:
            return tuple(self.seen)
        self._look_at_delivery()
        async with connected(self.settings.slack_api_url, bot) as client:
            identity = await self._bot(client)
            if socket is not None:
                async with connected(self.settings.slack_api_url, socket) as listener:
                    await self._ask(try_socket(listener), "general")
            if identity is not None:
                await self._look_around(client, identity)
        await self._subscriptions()
        if identity is not None and all(seen.ok for seen in self.seen):
            self.seen.insert(0, self._ready(identity))
        return tuple(self.seen)

    def _tokens_fit(self) -> bool:
        texts = Texts(self.settings.tizmor_locale)
        for code, setting, kind, wanted in wrong_kinds(self.settings.slack_bot_token, self.settings.slack_app_token):
            values = {
                "kind": texts.say(f"doctor_slack.kind.{kind}"),
                "wanted": texts.say(f"doctor_slack.kind.{wanted}"),
            }
            name = "oauth" if wanted is TokenKind.BOT else "general"
            self._say(code, setting=setting, link=page(self.app_id, name), **values)
        if self.settings.slack_bot_token is None:
            self._say("bot_token_missing", link=page(self.app_id, "oauth"))
        return not self.seen

    def _look_at_delivery(self) -> None:
        secret, url = self.settings.slack_signing_secret, self.settings.tizmor_public_url
        if self.settings.slack_app_token is not None:
            return
        if secret is None:
            self._say("delivery_missing", link=page(self.app_id, "general"))
            return
        if kind_of(secret.get_secret_value()) is not TokenKind.SECRET:
            self._say("secret_shape", link=page(self.app_id, "general"))
        if url is None:
            self._say("public_url_missing", path=EVENTS_PATH)
        elif not url.startswith("https://"):
            self._say("public_url_plain", url=url)

    async def _bot(self, client: Any) -> BotIdentity | None:
        before = self.now()
        identity = await self._ask(identify(client), "oauth")
        if identity is None:
            return None
        found = about_scopes(identity.scopes)
        if found is not None:
            self._say(found[0], **found[1], link=page(self.app_id, "oauth"))
        self._look_at_clock(identity, before)
        return identity

    def _look_at_clock(self, identity: BotIdentity, before: datetime) -> None:
        """Off by more than the call took and a minute beside it."""
        if identity.says is None:
            return
        skew = max(before - identity.says, identity.says - self.now(), timedelta())
        if skew > WORST_SKEW:
            self._say("clock", skew=Texts(self.settings.tizmor_locale).elapsed(skew))

    async def _look_around(self, client: Any, identity: BotIdentity) -> None:
        token = self.settings.slack_app_token
        with suppress(IntegrationError):  # a scope that is missing has been named
            self.app_id = await app_of_bot(client, identity.bot_id) or self.app_id
        if self.settings.slack_app_id and self.app_id != self.settings.slack_app_id:
            self._say("app_id_differs", kept=self.settings.slack_app_id, bot_app=str(self.app_id))
        socket_app = app_of(token.get_secret_value()) if token else None
        if socket_app and self.app_id and socket_app != self.app_id:
            self._say("apps_differ", bot_app=self.app_id, socket_app=socket_app)
        with suppress(IntegrationError):
            async with translated("users.conversations", client):
                answer = await client.users_conversations(
                    types="public_channel,private_channel", exclude_archived=True, limit=200
                )
            channels = len(answer.get("channels") or ())
            self._say("channels" if channels else "no_channel", n=channels, bot=identity.bot)

    async def _subscriptions(self) -> None:
        token, link = self.settings.slack_config_token, page(self.app_id, "app-manifest")
        if token is None or self.app_id is None:
            self._say("events_unseen", link=page(self.app_id, "event-subscriptions"))
            return
        try:
            async with (
                connected(self.settings.slack_api_url, token) as client,
                translated("apps.manifest.export", client),
            ):
                answer = await client.apps_manifest_export(app_id=self.app_id)
        except IntegrationError as error:
            self._say("config_rejected", error=error.detail, link=APPS)
            return
        self._compare(answer.get("manifest") or {}, link)

    def _compare(self, manifest: Mapping[str, Any], link: str) -> None:
        before = len(self.seen)
        for kind, names in missing_from(manifest).items():
            if kind != "scopes":  # those of the token count, and have been named
                self._say(f"{kind}_missing", names=", ".join(names), link=link)
        settings: Mapping[str, Any] = manifest.get("settings") or {}
        socket_on = bool(settings.get("socket_mode_enabled"))
        if socket_on != (self.settings.slack_app_token is not None):
            self._say("socket_on" if socket_on else "socket_off", link=page(self.app_id, "socket-mode"))
        if len(self.seen) == before:
            self.seen.append(Seen(code="complete", ok=True, text=self._words("complete")))

    def _ready(self, identity: BotIdentity) -> Seen:
        url = (self.settings.tizmor_public_url or "").rstrip("/") + EVENTS_PATH
        code = "ready" if self.settings.slack_app_token is not None else "ready_http"
        return Seen(code=code, ok=True, text=self._words(code, bot=identity.bot, team=identity.team, url=url))

    async def _ask(self, question: Any, name: str) -> Any:
        """The answer; None, and a finding, where there is none. ``name`` is the page where it can be mended."""
        try:
            return await question
        except IntegrationError as error:
            if not any(seen.code == error.code for seen in self.seen):
                self._say(error.code, **error.parameters, link=page(self.app_id, name))
            return None

    def _say(self, code: str, **values: str | int) -> None:
        self.seen.append(Seen(code=code, ok=code in HARMLESS, text=self._words(code, **values)))

    def _words(self, code: str, **values: str | int) -> str:
        return Texts(self.settings.tizmor_locale).say(f"doctor_slack.{code}", **values)
