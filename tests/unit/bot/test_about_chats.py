"""What `tizmor run` says of the chats at its start."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from bot.cli import about_chats
from bot.render.texts import LOCALES
from bot.settings import Settings


@dataclass(frozen=True)
class Slack:
    trouble: str = ""
    code: str = ""

    async def claim_code(self) -> str:
        return self.code


@dataclass(frozen=True)
class Telegram:
    trouble: str = ""
    link: str = ""

    async def claim_link(self) -> str:
        return self.link


@dataclass(frozen=True)
class Product:
    slack: Slack | None = None
    telegram: Telegram | None = None


async def said(product: Product, locale: str = "en") -> list[str]:
    return await about_chats(product, Settings().model_copy(update={"tizmor_locale": locale}))


@pytest.mark.parametrize("locale", LOCALES)
async def test_without_any_chat_it_says_how_to_set_each_up(locale: str) -> None:
    words = await said(Product(), locale)
    assert len(words) == 1
    assert "`tizmor init`" in words[0]
    assert "`tizmor init --telegram`" in words[0]


async def test_a_chat_that_is_fine_needs_no_word_nor_one_that_is_not_wanted_beside_it() -> None:
    assert await said(Product(telegram=Telegram())) == []
    assert await said(Product(slack=Slack())) == []


async def test_whoever_is_to_be_owner_is_told_how_in_each_chat() -> None:
    words = await said(Product(slack=Slack(code="one"), telegram=Telegram(link="https://t.me/b?start=two")))
    assert words == [
        "To become the owner, send this once in Slack: /tizmor claim one",
        "To become the owner, open this once in Telegram: https://t.me/b?start=two",
    ]
    words = await said(Product(telegram=Telegram(link="/claim two")))
    assert words == ["To become the owner, send this once to the bot in Telegram: /claim two"]


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("trouble", ["no_public_url", "token_refused", "webhook_active", "other_poller"])
async def test_what_keeps_a_chat_from_working_is_said_instead(locale: str, trouble: str) -> None:
    words = await said(Product(telegram=Telegram(trouble=f"telegram_start.{trouble}", link="https://t.me/b")), locale)
    assert len(words) == 1
    assert "https://t.me" not in words[0]
