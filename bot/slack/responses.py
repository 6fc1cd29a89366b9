"""Answers to a command at the address Slack gives with it: they reach the person wherever they typed it."""

from __future__ import annotations

import logging
from urllib.parse import urlsplit

import aiohttp
from loguru import logger
from slack_sdk.webhook.async_client import AsyncWebhookClient

HOST = "hooks.slack.com"
_LOGGER = logging.getLogger("tizmor.slack_sdk.responses")
_LOGGER.setLevel(logging.WARNING)  # below it, the SDK writes down what is said


class Responses:
    """Posts to such addresses, and to no others.

    Args:
        session: connections, closed by its owner; None: each post opens its own.
        base_url: of the Web API: a local server's addresses are its own.
        seconds: longest a post may take.
    """

    def __init__(self, session: aiohttp.ClientSession | None, base_url: str, seconds: int) -> None:
        self._session = session
        self._own = urlsplit(base_url)
        self._seconds = seconds

    async def answer(self, url: str, text: str) -> bool:
        """Say something that only who typed the command sees; at most five times in half an hour.

        Args:
            url: ``response_url`` of the signed payload.
            text: markup, escaped.

        Returns:
            Whether Slack took it. Repeating says it again.
        """
        if not self._is_slacks(url):
            return False
        client = AsyncWebhookClient(
            url, timeout=self._seconds, session=self._session, logger=_LOGGER, retry_handlers=[]
        )
        client.proxy = None  # it has just taken that of the environment
        try:
            answer = await client.send(text=text, response_type="ephemeral", replace_original=False)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            logger.bind(error=type(error).__name__).info("slack_response_failed")
            return False
        return answer.status_code == 200

    def _is_slacks(self, url: str) -> bool:
        asked = urlsplit(url)
        if (asked.scheme, asked.netloc) == ("https", HOST):
            return True
        return self._own.hostname != "slack.com" and (asked.scheme, asked.netloc) == (
            self._own.scheme,
            self._own.netloc,
        )
