"""``tizmor ask``: one request in the terminal, its live plan, its questions at the prompt, its result."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from getpass import getpass
from typing import Any
from urllib.parse import quote

from rich.console import Console
from rich.live import Live
from rich.text import Text

from bot.client import ApiClient
from bot.render.texts import Texts
from bot.terminal_view import Shown, progress, question, result
from engine.errors import RequestError

EXIT_DONE, EXIT_FAILED, EXIT_USAGE, EXIT_NOT_YET = 0, 1, 2, 75

_YES = {"a", "approve", "y", "yes", "run", "כן", "אשר", "אישור"}
_NO = {"r", "reject", "n", "no", "drop", "לא", "דחה", "דחייה"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Prompt:
    """How questions are asked; ``read`` gives None at the end of input."""

    read: Callable[[str], str | None]


def read_line(question: str) -> str | None:
    """Ask on the terminal; None at the end of input."""
    try:
        return input(question)
    except EOFError:
        return None


def read_secret(question: str) -> str | None:
    """Ask on the terminal without showing what is typed; None at the end of input."""
    try:
        return getpass(question)
    except EOFError:
        return None


class Conversation:
    """One request from asking to result."""

    def __init__(self, client: ApiClient, texts: Texts, prompt: Prompt, *, as_json: bool) -> None:
        self._client = client
        self._texts = texts
        self._prompt = prompt
        self._json = as_json
        self._console = Console(file=sys.stderr if as_json else sys.stdout, highlight=False)

    async def ask(self, text: str) -> int:
        """Run it to its end, to a question nobody answers or to a spent budget; gives the exit code."""
        return await self._follow("/api/orchestrate", {"request": text})

    async def undo(self, execution_id: str) -> int:
        """Take an execution back, to the end of that; gives the exit code.

        Raises:
            RequestError: it cannot be taken back (any more), with the reason.
        """
        return await self._follow(f"/api/orchestrate/{quote(execution_id, safe='')}/undo", {})

    async def fork(self, execution_id: str, body: Shown) -> int:
        """Do an execution again from a step on, to the end of that; gives the exit code.

        Raises:
            RequestError: that is not possible, with the reason.
        """
        return await self._follow(f"/api/orchestrate/{quote(execution_id, safe='')}/fork", body)

    async def _follow(self, path: str, body: Shown) -> int:
        started = await self._client.post(path, body)
        execution = await self._watch(started["id"])
        if self._json:
            print(json.dumps(execution, ensure_ascii=False))
        else:
            self._console.print(result(execution, self._texts))
        if execution["status"] != "done":
            return EXIT_NOT_YET
        return EXIT_DONE if execution["outcome"] in {"succeeded", "rejected", "cancelled"} else EXIT_FAILED

    async def _watch(self, execution_id: str) -> dict[str, Any]:
        path = f"/api/orchestrate/{execution_id}"
        execution = await self._client.get(path)
        with Live(progress(execution, self._texts), console=self._console, auto_refresh=False, transient=False) as live:
            async for _name, _data in self._client.stream(execution_id):
                execution = await self._client.get(path)
                live.update(progress(execution, self._texts), refresh=self._console.is_terminal)
                if execution["pause_reason"]:
                    return execution
                for approval in execution["approvals"]:
                    if approval["status"] == "pending" and not await self._answer(approval, live):
                        return execution
        return await self._client.get(path)

    async def _answer(self, approval: Shown, live: Live) -> bool:
        """Ask one question; False at the end of input."""
        live.stop()
        self._console.print(question(approval, self._texts))
        while True:
            line = await asyncio.to_thread(self._prompt.read, "> ")
            if not sys.stdin.isatty():
                self._console.print()
            if line is None:
                return False
            body = decision(approval, line.strip())
            if body is None:
                continue
            try:
                await self._client.post(f"/api/approvals/{approval['id']}", body)
            except RequestError as error:
                self._console.print(Text(error.detail, style="red"))
                if error.code == "already_decided":
                    break
                continue
            break
        live.start()
        return True


def decision(approval: Shown, line: str) -> dict[str, Any] | None:
    """What a typed line means; None when it means nothing.

    A number or a choice id picks; ``a`` approves, ``r`` rejects, ``field=value …`` (JSON values or bare words) edits a
    gate, ``drop s2 s3`` or other words change a plan. To a question everything else is an answer, ``yes`` and ``no`` too.
    """
    lowered = line.lower()
    if approval["kind"] in {"choice", "unknown_outcome"} or approval["topic"]:
        return _choice(approval["choices"], line)
    if approval["kind"] == "question":
        return _answer(approval["choices"], line)
    if lowered in _YES:
        return {"decision": "approve"}
    if lowered in _NO:
        return {"decision": "reject"}
    if approval["kind"] == "gate":
        return _edit(approval["call"]["arguments"], line)
    if lowered.startswith("drop "):
        return {"decision": "modify", "arguments": {"drop": line.split()[1:]}}
    return {"decision": "modify", "arguments": {"text": line}} if line else None


def _answer(choices: list[Shown], line: str) -> dict[str, Any] | None:
    if line.lower() == "r":
        return {"decision": "reject"}
    return _choice(choices, line) or ({"decision": "answer", "answer": line} if line else None)


def _choice(choices: list[Shown], line: str) -> dict[str, Any] | None:
    if line.isdecimal() and 1 <= int(line) <= len(choices):
        return {"decision": "choose", "choice": choices[int(line) - 1]["id"]}
    known = {choice["id"] for choice in choices}
    return {"decision": "choose", "choice": line} if line in known else None


def _edit(arguments: Shown, line: str) -> dict[str, Any] | None:
    name, separator, value = line.partition("=")
    if not separator or name.strip() not in arguments:
        return None
    try:
        parsed: Any = json.loads(value)
    except ValueError:
        parsed = value.strip()
    return {"decision": "modify", "arguments": {**arguments, name.strip(): parsed}}
