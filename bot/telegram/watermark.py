"""How far Telegram's updates were taken in: what tells a replay from something new. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

RENUMBERED_AFTER = timedelta(days=6)
"""After a week without an update Telegram may go on from any number; an update may have waited a day before we took it.
Source: Bot API, Update."""

_SHAPE = re.compile(r"([0-9]{1,16}):([0-9]{1,16}):([0-9]{1,12})")


@dataclass(frozen=True, slots=True, kw_only=True)
class Watermark:
    """The last update that was taken in."""

    bot: int
    """Every bot has numbers of its own."""
    update: int
    at: datetime
    """When that was."""

    def __str__(self) -> str:
        """As the message log keeps it."""
        return f"{self.bot}:{self.update}:{int(self.at.timestamp())}"

    def following(self, now: datetime) -> int:
        """The first number to ask for; 0: whatever there is, because the numbers may be others by now."""
        return 0 if self._is_old(now) else self.update + 1

    def covers(self, update: int, sent_at: datetime | None, now: datetime) -> bool:
        """Was this update taken in before?

        A lower number is no replay where nothing came for a week, nor where it was sent after the last one was taken: then
        another server counts, or this one anew. Whatever is taken for new by mistake, the inbox knows by its key.

        Args:
            update: its number.
            sent_at: when somebody did what it tells of, where it says so.
            now: the present.
        """
        return update <= self.update and not self._is_old(now) and (sent_at is None or sent_at <= self.at)

    def _is_old(self, now: datetime) -> bool:
        return now - self.at >= RENUMBERED_AFTER


def read_watermark(kept: str | None, bot: int) -> Watermark | None:
    """What was kept; None where nothing was, or it is another bot's."""
    found = _SHAPE.fullmatch(kept or "")
    if found is None or int(found[1]) != bot:
        return None
    return Watermark(bot=bot, update=int(found[2]), at=datetime.fromtimestamp(int(found[3]), UTC))
