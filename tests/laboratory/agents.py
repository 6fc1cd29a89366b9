"""Agents and tools of every class of effect, over the courier (``tests.servers.courier``) and a real socket.

Each word below is an agent with one tool of the same name, which it calls once per parcel; with ``!`` its tool is gated, with
``~`` it is held (written without being asked, but not before the plan's gates have opened):

=========  =======  ===============================================================================
word       effect   what it does
=========  =======  ===============================================================================
read       read     asks how often a parcel was delivered
keyed      keyed    delivers under the call's key
lookup     lookup   delivers with the call's key as marker, which can be found again
unknown    unknown  delivers; can say what it would have given, should it have happened
blind      unknown  delivers; cannot say that
=========  =======  ===============================================================================

Every agent takes ``parcels`` and, bound or not, ``given``; it gives a summary with a line per parcel.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import aiohttp
from pydantic import BaseModel, ConfigDict, Field

from engine.domain.agent import AgentSpec, ToolSpec
from engine.domain.artifact import Artifact, Summary
from engine.domain.effect import Effect
from engine.domain.json import JsonObject
from engine.errors import AuthExpiredError, RefusedError, UnavailableError
from engine.ports.agents import StepContext
from engine.ports.tools import ToolCall
from engine.registry.extension import Extension
from tests.laboratory.plans import WAYS, CourierPlanner, name_of

SECONDS = 5.0
"""How long a call may take."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """One of the courier's services, as a kind of tool."""

    word: str
    effect: Effect
    says: bool = True
    """Can it say what a call would have given?"""


SERVICES = (
    Service(word="read", effect=Effect.READ),
    Service(word="keyed", effect=Effect.KEYED),
    Service(word="lookup", effect=Effect.LOOKUP),
    Service(word="unknown", effect=Effect.UNKNOWN),
    Service(word="blind", effect=Effect.UNKNOWN, says=False),
)


class ParcelArguments(BaseModel):
    """What a tool takes."""

    model_config = ConfigDict(extra="forbid")
    parcel: str = Field(min_length=1)


class ParcelInputs(BaseModel):
    """What an agent takes."""

    model_config = ConfigDict(extra="forbid")
    parcels: list[str] = Field(min_length=1)
    given: Summary | None = None


class CourierTool:
    """One call of the courier."""

    def __init__(self, url: str, service: Service, way: str) -> None:
        self._url = url
        self._service = service
        self.spec = ToolSpec(
            name=name_of(service.word, way),
            version="1",
            inputs=ParcelArguments,
            effect=service.effect,
            gated=way == "!",
            held=way == "~",
        )

    async def check(self, arguments: JsonObject) -> str | None:
        """None: the courier takes everything."""
        return None

    async def run(self, call: ToolCall, arguments: JsonObject) -> Artifact:
        """Make the call."""
        parcel = str(arguments["parcel"])
        body: dict[str, Any] = {"parcel": parcel, "effect": call.key}
        match self._service.effect:
            case Effect.READ:
                answer = await self._ask("GET", f"/parcels/{parcel}")
                return _delivered(parcel, f"{parcel}: {answer['delivered']}")
            case Effect.KEYED:
                await self._ask("POST", "/keyed", json=body, headers={"Idempotency-Key": call.key})
            case Effect.LOOKUP:
                await self._ask("POST", "/marked", json=body | {"marker": call.key})
            case Effect.UNKNOWN:
                await self._ask("POST", "/plain", json=body)
        return _delivered(parcel, f"{parcel}: delivered")

    async def find(self, call: ToolCall) -> Artifact | None:
        """What was delivered with this call's marker."""
        if self._service.effect is not Effect.LOOKUP:
            return None
        try:
            answer = await self._ask("GET", "/marked", params={"marker": call.key})
        except RefusedError:
            return None
        return _delivered(answer["parcel"], f"{answer['parcel']}: delivered")

    def assumed(self, call: ToolCall, arguments: JsonObject) -> Artifact | None:
        """What :meth:`run` gives, which the parcel alone decides."""
        parcel = str(arguments["parcel"])
        return _delivered(parcel, f"{parcel}: delivered") if self._service.says else None

    async def _ask(self, method: str, path: str, **more: Any) -> dict[str, Any]:
        timeout = aiohttp.ClientTimeout(total=SECONDS)
        try:
            async with (
                aiohttp.ClientSession(self._url, timeout=timeout) as session,
                session.request(method, path, **more) as response,
            ):
                answer = await response.json()
        except aiohttp.ClientConnectorError as error:
            raise UnavailableError("courier_away", f"{self._url} cannot be reached.", untouched=True) from error
        except (aiohttp.ClientError, TimeoutError) as error:
            raise UnavailableError("courier_cut", f"{self._url} did not answer {path}.") from error
        if response.status == 200:
            return answer
        detail = f"{self._url} answered {path} with {response.status}: {answer['error']}."
        if response.status == 401:
            raise AuthExpiredError("courier_locked", detail)
        if response.status >= 500 or response.status == 429:
            wait = response.headers.get("Retry-After")
            raise UnavailableError(
                "courier_busy", detail, retry_after=None if wait is None else timedelta(seconds=int(wait))
            )
        raise RefusedError("courier_refused", detail)


class CourierAgent:
    """Calls its tool once per parcel, in order."""

    def __init__(self, service: Service, way: str) -> None:
        name = name_of(service.word, way)
        self.spec = AgentSpec(
            name=name,
            version="1",
            skill=f"{service.word} parcels",
            inputs=ParcelInputs,
            output="summary",
            effect=service.effect,
            tools=frozenset({name}),
        )

    async def run(self, inputs: BaseModel, context: StepContext) -> Artifact:
        """One effect per parcel."""
        assert isinstance(inputs, ParcelInputs)
        done = [await context.call(self.spec.name, {"parcel": parcel}) for parcel in inputs.parcels]
        lines = [each.text for each in done if isinstance(each, Summary)]
        return _delivered("+".join(inputs.parcels), "\n".join(lines))


def courier_extension(url: str) -> Extension:
    """For ``open_tizmor(settings, extension=courier_extension(courier.url))``: every agent and tool, and a planner for requests
    that begin with ``courier:`` (``tests.laboratory.plans``); all others are planned as before."""
    kinds = [(service, way) for service in SERVICES for way in WAYS if way == "" or service.effect is not Effect.READ]
    agents = tuple(CourierAgent(service, way) for service, way in kinds)
    known: Mapping[str, AgentSpec] = {agent.spec.name: agent.spec for agent in agents}
    return Extension(
        agents=agents,
        tools=tuple(CourierTool(url, service, way) for service, way in kinds),
        around=lambda planner: CourierPlanner(planner, known),
    )


def _delivered(topic: str, text: str) -> Summary:
    return Summary(topic=topic, text=text)
