"""Ten steps with four effects, asked for over HTTP several times at once, by people who answer what they are asked and, when the
product is away or refuses, try again.

Each request reads documents, looks up three contacts, looks into the calendar, sets up three meetings (each a gate, an event
and a letter) and writes an agenda. Its words are its own, so that what became of it can be told from the files alone.
"""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, date, datetime, timedelta
from email import message_from_bytes
from email.policy import default
from pathlib import Path
from typing import Any

import aiohttp
from icalendar import Calendar

MEETINGS = (("Yoav Levi", "beans", 10), ("Dana", "wheat", 12), ("Noa", "barley", 14))
"""Of every request: with whom, about what, at what hour."""
STEPS = 10
FIRST_DAY = timedelta(days=60)
"""Behind everything in the sample's calendar, so that every hour is free."""
WORDS = ("amber", "birch", "cedar", "dune", "ember", "fern", "grove", "heath", "inlet", "jade", "kelp", "lagoon")
REFUSED = (500, 503)
MOMENT = 0.02
"""Seconds before somebody who was refused tries again."""

Json = dict[str, Any]


class MisledError(Exception):
    """The product does not know what it had said."""


@dataclass(slots=True, kw_only=True)
class Request:
    """One person's request, and how far they saw it go."""

    number: int
    day: date
    by_chat: bool = False
    """Said in the local chat, in the place of the API."""
    said: bool = False
    """Of a message in the chat: it was answered with 202; it is not said again."""
    execution: str = ""
    """Known once it was answered with 202, or shown."""
    seen: int = 0
    """Number of the last event that was shown."""
    outcome: str = ""
    """How it ended, as it was told."""

    @property
    def word(self) -> str:
        """The word that is in everything that is made for it, and nowhere else."""
        return WORDS[self.number]

    @property
    def text(self) -> str:
        """The sentence."""
        meetings = [
            f"set up a meeting with {name} on {self.day.day}.{self.day.month}.{self.day.year} at {hour}:00 about {self.word} {topic}"
            for name, topic, hour in MEETINGS
        ]
        *others, last = meetings
        return (
            "Read what we did in December at Tevuot, understand the strategy, what do I have tomorrow, "
            f"{', '.join(others)} and {last}"
        )

    def dump(self) -> Json:
        """For :meth:`load`, in another process."""
        return {**asdict(self), "day": self.day.isoformat()}

    @classmethod
    def load(cls, kept: Json) -> Request:
        """What :meth:`dump` gave."""
        fields: Json = {**kept, "day": date.fromisoformat(kept["day"])}
        return cls(**fields)


def requests(count: int) -> list[Request]:
    """So many requests, on days of their own; every second one is said in the chat."""
    first = datetime.now(UTC).date() + FIRST_DAY
    return [Request(number=n, day=first + timedelta(days=n), by_chat=n % 2 == 1) for n in range(count)]


@dataclass(slots=True, kw_only=True)
class People:
    """Who asks. Use :meth:`live` on every product that is started on the home."""

    requests: Sequence[Request]
    refusals: Counter[int] = field(default_factory=Counter[int])
    """How often they were refused, by status."""

    async def live(self, url: str, token: str) -> None:
        """Ask, answer and watch until every request has ended.

        Raises:
            aiohttp.ClientError: the product is gone.
            MisledError: it answers as it never should.
        """
        headers = {"Authorization": f"Bearer {token}"}
        timeout = aiohttp.ClientTimeout(total=None)
        try:
            async with (
                aiohttp.ClientSession(url, headers=headers, timeout=timeout) as http,
                asyncio.TaskGroup() as group,
            ):
                for request in self.requests:
                    if not request.outcome:
                        group.create_task(self._see_through(http, request))
        except* MisledError as errors:
            raise MisledError(str(errors.exceptions[0])) from errors
        except* aiohttp.ClientError as errors:
            raise aiohttp.ClientError(str(errors.exceptions[0])) from errors

    async def _see_through(self, http: aiohttp.ClientSession, request: Request) -> None:
        while not request.execution:
            await self._ask(http, request)
        while not request.outcome:
            await self._answer_what_is_asked(http, request)
            async for name, data in self._watch(http, request):
                if name == "approval" and data.get("status", "pending") == "pending":
                    await self._answer_what_is_asked(http, request)
                if name == "complete":
                    request.outcome = str(data["outcome"])

    async def _ask(self, http: aiohttp.ClientSession, request: Request) -> None:
        if request.by_chat:
            if not request.said:
                body = {"text": request.text, "client_id": request.word}
                await self._post(http, "/api/chat/messages", body, request.word)
                request.said = True
            while not (found := await self._found(http, request)):
                await asyncio.sleep(MOMENT)
            request.execution = found
            return
        answer = await self._post(http, "/api/orchestrate", {"request": request.text}, request.word)
        request.execution = answer["id"]

    async def _found(self, http: aiohttp.ClientSession, request: Request) -> str:
        async with http.get("/api/orchestrate", params={"limit": "200"}) as response:
            items: list[Json] = (await response.json()).get("items", [])
        return next((str(item["id"]) for item in items if item["request"] == request.text), "")

    async def _post(self, http: aiohttp.ClientSession, path: str, body: Json, key: str) -> Json:
        """Post until it is taken; a key makes it one request however often it is sent."""
        while True:
            async with http.post(path, json=body, headers={"Idempotency-Key": key}) as response:
                answer: Json = await response.json()
                if response.status not in REFUSED:
                    if response.status not in {200, 202, 409}:
                        raise MisledError(f"{path} is answered with {response.status}: {answer}")
                    return answer
            self.refusals[response.status] += 1
            await asyncio.sleep(MOMENT)

    async def _watch(self, http: aiohttp.ClientSession, request: Request) -> AsyncIterator[tuple[str, Json]]:
        params = {"after": str(request.seen)}
        async with http.get(f"/api/orchestrate/stream/{request.execution}", params=params) as response:
            if response.status == 204:
                request.outcome = (await self._show(http, request))["outcome"]
                return
            if response.status != 200:
                self.refusals[response.status] += 1
                await asyncio.sleep(MOMENT)
                return
            name = ""
            async for line in response.content:
                key, _, value = line.decode().strip().partition(": ")
                if key == "id":
                    request.seen = int(value)
                elif key == "event":
                    name = value
                elif key == "data":
                    yield name, json.loads(value)

    async def _show(self, http: aiohttp.ClientSession, request: Request) -> Json:
        async with http.get(f"/api/orchestrate/{request.execution}") as response:
            return await response.json()

    async def _answer_what_is_asked(self, http: aiohttp.ClientSession, request: Request) -> None:
        for asked in await self._asked(http):
            if asked["execution_id"] == request.execution:
                choices = asked["choices"]
                body = {"decision": "choose", "choice": choices[0]["id"]} if choices else {"decision": "approve"}
                await self._post(http, f"/api/approvals/{asked['id']}", body, f"answer-{asked['id']}")

    async def _asked(self, http: aiohttp.ClientSession) -> list[Json]:
        while True:
            async with http.get("/api/approvals", params={"status": "pending"}) as response:
                if response.status == 200:
                    return (await response.json())["items"]
            self.refusals[response.status] += 1
            await asyncio.sleep(MOMENT)


def made_for(workspace: Path, request: Request) -> dict[str, int]:
    """How many events, letters and agendas there are for a request, by what they say."""
    return made_in(
        (workspace / "calendar.ics").read_bytes(),
        [path.read_bytes() for path in (workspace / "outbox").glob("*.eml")],
        [path.read_bytes() for path in (workspace / "docs" / "agendas").glob("*.md")],
        request,
    )


def made_in(calendar: bytes, letters: Sequence[bytes], agendas: Sequence[bytes], request: Request) -> dict[str, int]:
    """:func:`made_for`, from what stands in files."""
    components: Any = Calendar.from_ical(calendar)
    events = [str(event.get("SUMMARY", "")) for event in components.walk("VEVENT")]
    subjects = [str(message_from_bytes(letter, policy=default)["Subject"]) for letter in letters]
    titles = [agenda.decode().partition("\n")[0] for agenda in agendas]
    found = {
        f"{kind} {topic}": sum(f"{request.word} {topic}" in title for title in there)
        for _, topic, _ in MEETINGS
        for kind, there in (("event", events), ("letter", subjects))
    }
    return {**found, "agenda": sum(f"{request.word} {MEETINGS[0][1]}" in title for title in titles)}


def wrong(workspace: Path, asked: Sequence[Request]) -> list[str]:
    """What is lost or repeated when everything should have ended; empty when nothing is."""
    found: list[str] = []
    for request in asked:
        if request.outcome != "succeeded":
            found.append(f"lost: {request.word} ended {request.outcome or 'never'}")
        for what, count in made_for(workspace, request).items():
            if count > 1:
                found.append(f"repeated: {what} of {request.word} {count} times")
            if count == 0:
                found.append(f"lost: {what} of {request.word}")
    return found
