"""``tizmor init``: from nothing to a working bot, without a public address.

Makes or updates the app from the manifest (with a configuration token, or by a link with everything filled in), takes in
the tokens, asks Slack whether they are right, and keeps them in ``.env``. Running it again changes nothing that is right.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from bot.render.texts import Texts
from bot.setting_up import EXIT_DONE, EXIT_FAILED, EXIT_NOT_YET, EXIT_USAGE, TRIES, Bench, Talk
from bot.settings import Settings
from bot.slack.credentials import TokenKind, app_of, connected, identify, kind_of, translated, try_socket
from bot.slack.examination import APPS, about_scopes, page, wrong_kinds
from bot.slack.manifest import creation_link, read_manifest
from engine.errors import IntegrationError, RequestError, UnavailableError

_NO_SUCH_APP = frozenset({"app_not_found", "invalid_app_id", "app_not_owned_by_manager_app", "access_denied"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Aim:
    """What is to be set up, and from what."""

    manifest: Path
    keep_in: Path | None
    """The ``.env`` file; None where the operator wants none."""
    over_http: bool
    """Delivery to ``TIZMOR_PUBLIC_URL`` in the place of Socket Mode."""
    kept_elsewhere: frozenset[str] = frozenset()
    """Names of settings that have their home in another file, and are not copied."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wanted:
    """A token to take in."""

    setting: str
    kind: TokenKind
    ask: str
    """Message that asks for it."""
    page: str
    """Page of the app where it can be copied."""
    probe: Callable[[SecretStr], Awaitable[None]]
    """Asks Slack about it and says what it found; raises IntegrationError where it will not do."""


async def set_up_slack(settings: Settings, aim: Aim, talk: Talk) -> int:
    """Do it; the exit code: 0 all there, 1 refused by Slack, 2 something given is wrong, 75 something is still missing.

    Cancel: stops at once; what has been made at Slack by then is already kept.
    """
    return await _SetUp(settings, aim, talk).run()


class _SetUp:
    def __init__(self, settings: Settings, aim: Aim, talk: Talk) -> None:
        self._settings = settings
        self._aim = aim
        self._texts = Texts(settings.tizmor_locale, settings.tizmor_timezone)
        self._app_id = settings.slack_app_id
        self._keep_in = (aim.keep_in or Path(".env")).absolute()
        self._bench = Bench(talk, self._texts, self._keep_in, aim.kept_elsewhere)
        self._code = EXIT_DONE
        self._missing: list[str] = []

    async def run(self) -> int:
        if self._aim.keep_in is None:
            self._bench.complain("init.nowhere")
            return EXIT_USAGE
        manifest = self._manifest()
        if manifest is None or not self._given_fits():
            return EXIT_USAGE
        if not await self._app(manifest):
            return self._code
        await self._take(self._bot_token())
        await self._take(self._signing_secret() if self._aim.over_http else self._app_token())
        return self._finish()

    def _manifest(self) -> Mapping[str, Any] | None:
        url = self._settings.tizmor_public_url
        if self._aim.over_http and not (url or "").startswith("https://"):
            self._bench.complain("init.public_url")
            return None
        try:
            return read_manifest(self._aim.manifest, url if self._aim.over_http else None)
        except RequestError as error:
            self._bench.complain("init.manifest_unreadable", path=str(self._aim.manifest), problem=error.detail)
            return None

    def _given_fits(self) -> bool:
        """Two tokens in each other's place are told as such, not as two mistakes."""
        found = list(wrong_kinds(self._settings.slack_bot_token, self._settings.slack_app_token))
        if found and found[0][0] == "tokens_swapped":
            self._bench.complain("doctor_slack.tokens_swapped")
            return False
        return True

    async def _app(self, manifest: Mapping[str, Any]) -> bool:
        """Make or update the app, or say how; False: there is no going on."""
        token = await self._configuration_token()
        if self._code != EXIT_DONE:
            return False
        if token is not None:
            async with self._connected(token) as client:
                return await self._apply(client, manifest)
        if self._settings.slack_bot_token is None and self._app_id is None:
            self._bench.say("init.link", link=creation_link(manifest))
        return True

    async def _configuration_token(self) -> SecretStr | None:
        """The one given, else one typed where it would be of use; None: the app is made by hand."""
        given, wrong = self._settings.slack_config_token, False
        for _ in range(TRIES):
            if given is None and self._settings.slack_bot_token is None:
                given = await self._bench.read("init.ask_config", link=APPS)
            if given is None:
                break
            if self._is_kind("SLACK_CONFIG_TOKEN", given, TokenKind.CONFIGURATION, APPS):
                return given
            given, wrong = None, True
        if wrong and not self._bench.asks:
            self._code = EXIT_USAGE
        return None

    async def _apply(self, client: Any, manifest: Mapping[str, Any]) -> bool:
        body = {"manifest": json.dumps(manifest), "app_id": self._app_id}
        try:
            async with translated("apps.manifest.validate", client):
                await client.api_call("apps.manifest.validate", data=body)
            if self._app_id is None:
                await self._create(client, body)
            else:
                await self._update(client, body)
        except IntegrationError as error:
            self._complain_of_app(error)
            return False
        return True

    async def _create(self, client: Any, body: Mapping[str, str | None]) -> None:
        try:
            async with translated("apps.manifest.create", client):
                answer = await client.api_call("apps.manifest.create", data=body)
        except UnavailableError as error:
            if error.code == "rate_limited":
                raise
            raise UnavailableError("create_unknown", error.detail, error.parameters) from error
        self._app_id = str(answer["app_id"])
        made = {"SLACK_APP_ID": self._app_id}
        credentials: Mapping[str, str] = answer.get("credentials") or {}
        secret = credentials.get("signing_secret")
        if self._aim.over_http and secret:
            made["SLACK_SIGNING_SECRET"] = secret
            self._settings = self._settings.model_copy(update={"slack_signing_secret": SecretStr(secret)})
        self._bench.say("init.created", app=self._app_id)
        self._bench.keep(made)  # at once: an app that is forgotten is made a second time
        self._bench.say("init.install", link=page(self._app_id, "install-on-team"))

    async def _update(self, client: Any, body: Mapping[str, str | None]) -> None:
        async with translated("apps.manifest.update", client):
            answer = await client.api_call("apps.manifest.update", data=body)
        self._bench.say("init.updated", app=str(self._app_id), path=str(self._aim.manifest))
        self._bench.keep({"SLACK_APP_ID": str(self._app_id)})
        if answer.get("permissions_updated"):
            self._bench.say("init.reinstall", link=page(self._app_id, "install-on-team"))

    def _complain_of_app(self, error: IntegrationError) -> None:
        self._code = EXIT_FAILED
        if error.code == "rejected":
            self._bench.complain("doctor_slack.config_rejected", error=error.parameters["error"], link=APPS)
        elif self._app_id and error.parameters.get("error") in _NO_SUCH_APP:
            self._bench.complain("init.app_unknown", app=self._app_id, path=str(self._keep_in))
        elif error.code == "create_unknown":
            self._bench.complain("init.create_unknown", link=APPS)
        else:
            self._bench.complain(f"doctor_slack.{error.code}", **error.parameters)

    def _bot_token(self) -> _Wanted:
        async def probe(token: SecretStr) -> None:
            async with self._connected(token) as client:
                identity = await identify(client)
            self._bench.say("init.bot_fits", bot=identity.bot, team=identity.team)
            found = about_scopes(identity.scopes)
            if found is not None and found[0] == "scopes_missing":
                self._code = EXIT_FAILED
                self._bench.complain(f"doctor_slack.{found[0]}", **found[1], link=page(self._app_id, "oauth"))

        return _Wanted(
            setting="SLACK_BOT_TOKEN", kind=TokenKind.BOT, ask="init.ask_bot", page="install-on-team", probe=probe
        )

    def _app_token(self) -> _Wanted:
        async def probe(token: SecretStr) -> None:
            async with self._connected(token) as client:
                await try_socket(client)
            self._bench.say("init.app_fits")
            self._app_id = self._app_id or app_of(token.get_secret_value())

        return _Wanted(setting="SLACK_APP_TOKEN", kind=TokenKind.APP, ask="init.ask_app", page="general", probe=probe)

    def _signing_secret(self) -> _Wanted:
        async def probe(_secret: SecretStr) -> None:
            """Whether it is the right one shows with the first delivery."""

        return _Wanted(
            setting="SLACK_SIGNING_SECRET", kind=TokenKind.SECRET, ask="init.ask_secret", page="general", probe=probe
        )

    async def _take(self, wanted: _Wanted) -> None:
        """Take one token in: what was given, else what is typed, and keep it once Slack accepts it."""
        given: SecretStr | None = getattr(self._settings, wanted.setting.lower())
        code = EXIT_NOT_YET
        for _ in range(TRIES):
            link = page(self._app_id, wanted.page)
            given = given or await self._bench.read(wanted.ask, link=link)
            if given is None:
                break
            problem = await self._try(wanted, given, link)
            if problem is None:
                self._bench.keep({wanted.setting: given.get_secret_value()})
                return
            given, code = None, problem
        self._missing.append(wanted.setting)
        self._code = self._code or code

    async def _try(self, wanted: _Wanted, given: SecretStr, link: str) -> int | None:
        """None where it will do, else what it means for the exit code."""
        if not self._is_kind(wanted.setting, given, wanted.kind, link):
            return EXIT_USAGE
        try:
            await wanted.probe(given)
        except IntegrationError as error:
            self._bench.complain(f"doctor_slack.{error.code}", **error.parameters, link=link)
            return EXIT_FAILED
        return None

    def _finish(self) -> int:
        self._bench.keep({"SLACK_APP_ID": self._app_id} if self._app_id else {})
        if self._missing:
            self._bench.say("init.missing", names=self._texts.all_of(self._missing))
        elif self._code == EXIT_DONE:
            self._bench.say("init.next")
        return self._code

    def _is_kind(self, setting: str, token: SecretStr, wanted: TokenKind, link: str) -> bool:
        kind = kind_of(token.get_secret_value().strip())
        if kind is wanted:
            return True
        words = {"kind": self._texts.say(f"doctor_slack.kind.{kind}")}
        words["wanted"] = self._texts.say(f"doctor_slack.kind.{wanted}")
        self._bench.complain("doctor_slack.token_kind", setting=setting, link=link, **words)
        return False

    def _connected(self, token: SecretStr) -> AbstractAsyncContextManager[Any]:
        return connected(self._settings.slack_api_url, token)
