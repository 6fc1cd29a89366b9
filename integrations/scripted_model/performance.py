"""Gives one reply over one connection: its pieces with their pauses, and what a script wants to go wrong."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from itertools import accumulate

from aiohttp import web

from integrations.scripted_model.blocks import Answer, compose
from integrations.scripted_model.errors import STATUS_OF, ApiError
from integrations.scripted_model.journal import Ending, Exchange
from integrations.scripted_model.pacing import Pacer, Progress
from integrations.scripted_model.scripts import (
    Broken,
    CutStream,
    EndWithoutStop,
    ErrorInStream,
    HangUp,
    HttpFault,
    Late,
    MaxTokens,
    RawTool,
    Refusal,
    SayText,
    Shaped,
    Spoken,
    Stall,
    UseTools,
)
from integrations.scripted_model.streaming import PING, Frame, Head, as_bytes, frames, message
from integrations.scripted_model.usage import count, tokens, weigh
from integrations.scripted_model.view import RequestView

_Fault = ErrorInStream | CutStream | EndWithoutStop | Stall


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """Where a reply is given."""

    http: web.Request
    request: RequestView
    exchange: Exchange
    head: Head
    limit: int | None
    """Most output tokens; None: any number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Course:
    """An answer as it is going to be given."""

    answer: Answer
    pace: Pacer | None
    fault: _Fault | None = None

    @property
    def holds(self) -> float:
        """Pieces that go out before the fault."""
        if self.fault is None or self.fault.after is None:
            return float("inf")
        return self.fault.after


def refuse(reply: HttpFault | HangUp, http: web.Request, exchange: Exchange) -> web.StreamResponse:
    """Give no answer at all.

    Raises:
        ApiError: the status that is given instead.
    """
    exchange.ending = Ending.FAULT
    if isinstance(reply, HttpFault):
        raise ApiError(reply.status, reply.message, retry_after=reply.retry_after)
    _drop(http)
    return web.Response()


async def perform(reply: Spoken | Broken, stage: Stage) -> web.StreamResponse:
    """Give an answer, whole or broken. Cancelled when the client leaves.

    Raises:
        ApiError: it is an error after all.
        ConnectionError: the client has left.
    """
    if isinstance(reply, Late):
        await (reply.until or asyncio.Event()).wait()
        reply = reply.reply
    course = _plan(reply, stage)
    return await (_stream if stage.request.streams else _give)(course, stage)


def _plan(reply: Spoken | MaxTokens | Refusal | _Fault, stage: Stage) -> _Course:
    spoken = reply if isinstance(reply, SayText | UseTools | Shaped | RawTool) else reply.reply
    answer = compose(spoken, stage.request, stage.head.message_id.removeprefix("msg_"))
    half = (answer.pieces + 1) // 2
    fault: _Fault | None = None
    match reply:
        case MaxTokens(after=after):
            answer = answer.first(half if after is None else after, "max_tokens")
        case Refusal(after=after, category=category):
            details = {"type": "refusal", "category": category, "explanation": None}
            answer = answer.first(half if after is None else after, "refusal", details)
        case ErrorInStream() | CutStream() | EndWithoutStop() | Stall():
            fault = reply
        case _:
            pass
    return _Course(answer=_limited(answer, stage.limit), pace=spoken.pace, fault=fault)


def _limited(answer: Answer, limit: int | None) -> Answer:
    """Cut at the most tokens the request allows."""
    if limit is None or count(answer.text) <= limit:
        return answer
    pieces = [piece.text for block in answer.blocks for piece in block.pieces]
    grown = accumulate(weigh(text) for text in pieces)
    return answer.first(sum(1 for weight in grown if tokens(weight) <= limit), "max_tokens")


async def _stream(course: _Course, stage: Stage) -> web.StreamResponse:
    response = web.StreamResponse(headers={"content-type": "text/event-stream; charset=utf-8"})
    response.headers.update(_headers(stage))
    stage.exchange.status = 200
    await response.prepare(stage.http)
    began = asyncio.get_running_loop().time()
    sent: list[str] = []
    for frame in frames(stage.head, course.answer):
        if course.fault is not None and _breaks(course.holds, len(sent), frame):
            if not isinstance(course.fault, Stall):
                return await _break_off(course.fault, response, stage)
            await _stall(course.fault, response)
            course = replace(course, fault=None)
        if frame.carries is not None:
            if course.pace is not None:
                await course.pace(_progress(course, sent, frame.carries, began))
            sent.append(frame.carries)
            stage.exchange.sent(frame.carries)
        await response.write(frame.encode())
    await response.write_eof()
    stage.exchange.ending = Ending.WHOLE
    return response


def _breaks(holds: float, sent: int, frame: Frame) -> bool:
    """Is this the first event after the pieces that are to go out? At the latest the end is."""
    if frame.event == "message_delta":
        return True
    return sent >= holds and (holds > 0 or frame.carries is not None)


def _progress(course: _Course, sent: list[str], upcoming: str, began: float) -> Progress:
    return Progress(index=len(sent), total=course.answer.pieces, sent="".join(sent), upcoming=upcoming, began=began)


async def _break_off(
    fault: ErrorInStream | CutStream | EndWithoutStop, response: web.StreamResponse, stage: Stage
) -> web.StreamResponse:
    stage.exchange.ending = Ending.FAULT
    if isinstance(fault, CutStream):
        _drop(stage.http)
        return response
    if isinstance(fault, ErrorInStream):
        error = ApiError(STATUS_OF[fault.kind], kind=fault.kind)
        stage.exchange.error = str(error)
        await response.write(Frame(event="error", data=error.body(stage.exchange.request_id)).encode())
    await response.write_eof()
    return response


async def _stall(fault: Stall, response: web.StreamResponse | None) -> None:
    until = fault.until or asyncio.Event()
    while fault.ping_every is not None and response is not None and not until.is_set():
        try:
            await asyncio.wait_for(until.wait(), fault.ping_every.total_seconds())
        except TimeoutError:
            await response.write(PING.encode())
    await until.wait()


async def _give(course: _Course, stage: Stage) -> web.StreamResponse:
    """Answer in one piece."""
    answer, fault = course.answer, course.fault
    if course.pace is not None:
        began = asyncio.get_running_loop().time()
        await course.pace(Progress(index=0, total=1, sent="", upcoming=answer.text, began=began))
    if isinstance(fault, ErrorInStream):
        stage.exchange.ending = Ending.FAULT
        raise ApiError(STATUS_OF[fault.kind], kind=fault.kind)
    if isinstance(fault, Stall):
        await _stall(fault, None)
    if isinstance(fault, EndWithoutStop):
        answer = answer.first(answer.pieces if fault.after is None else fault.after, None)
    body = as_bytes(message(stage.head, answer))
    stage.exchange.status = 200
    response = web.StreamResponse(headers={**_headers(stage), "content-type": "application/json"})
    response.content_length = len(body)
    await response.prepare(stage.http)
    if isinstance(fault, CutStream):
        stage.exchange.ending = Ending.FAULT
        await response.write(body[: len(body) // 2])
        _drop(stage.http)
        return response
    await response.write(body)
    await response.write_eof()
    stage.exchange.sent(answer.text, answer.pieces)
    stage.exchange.ending = Ending.FAULT if isinstance(fault, EndWithoutStop) else Ending.WHOLE
    return response


def _headers(stage: Stage) -> dict[str, str]:
    return {"request-id": stage.exchange.request_id}


def _drop(http: web.Request) -> None:
    """Close the connection under the response; what was written before still goes out."""
    if http.transport is not None:
        http.transport.close()
