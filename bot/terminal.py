"""``tizmor ask``: one request in the terminal, its live plan, its questions at the prompt, its result."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from bot.client import ApiClient
from bot.render.texts import Texts
from engine.errors import RequestError

EXIT_DONE, EXIT_FAILED, EXIT_USAGE, EXIT_NOT_YET = 0, 1, 2, 75

Shown = dict[str, Any]
"""A JSON object of contract.md."""

_MARKS = {"succeeded": "[green]✓[/]", "failed": "[red]✗[/]", "rejected": "[yellow]–[/]", "skipped": "[dim]·[/]"}


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


class Conversation:
    """One request from asking to result."""

    def __init__(self, client: ApiClient, texts: Texts, prompt: Prompt, *, as_json: bool) -> None:
        self._client = client
        self._texts = texts
        self._prompt = prompt
        self._json = as_json
        self._console = Console(file=sys.stderr if as_json else sys.stdout, highlight=False)

    async def ask(self, text: str) -> int:
        """Run it to its end or to a question nobody answers; gives the exit code."""
        started = await self._client.post("/api/orchestrate", {"request": text})
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
        with Live(progress(execution), console=self._console, auto_refresh=False, transient=False) as live:
            async for _name, _data in self._client.stream(execution_id):
                execution = await self._client.get(path)
                live.update(progress(execution), refresh=self._console.is_terminal)
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
                self._console.print(f"[red]{error.detail}[/]")
                if error.code == "already_decided":
                    break
                continue
            break
        live.start()
        return True


def decision(approval: Shown, line: str) -> dict[str, Any] | None:
    """What a typed line means; None when it means nothing.

    A number or a choice id picks; ``a`` approves, ``r`` rejects, ``field=value …`` (JSON values or bare words) edits a
    gate, ``drop s2 s3`` or other words change a plan.
    """
    lowered = line.lower()
    if approval["kind"] in {"choice", "unknown_outcome"}:
        return _choice(approval["choices"], line)
    if lowered in {"a", "approve", "y", "yes", "run", "כן", "אשר", "אישור"}:
        return {"decision": "approve"}
    if lowered in {"r", "reject", "n", "no", "drop", "לא", "דחה", "דחייה"}:
        return {"decision": "reject"}
    if approval["kind"] == "question":
        return {"decision": "answer", "answer": line} if line else None
    if approval["kind"] == "gate":
        return _edit(approval["call"]["arguments"], line)
    if lowered.startswith("drop "):
        return {"decision": "modify", "arguments": {"drop": line.split()[1:]}}
    return {"decision": "modify", "arguments": {"text": line}} if line else None


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


def progress(execution: Shown) -> Table:
    """The plan as it stands."""
    table = Table(box=None, show_header=False, padding=(0, 1))
    for step in _steps(execution):
        mark = _MARKS.get(step["outcome"] or "", "[cyan]…[/]" if step["status"] == "running" else "[dim]○[/]")
        needs = f"[dim]← {', '.join(step['depends_on'])}[/]" if step["depends_on"] else ""
        table.add_row(mark, f"[dim]{step['id']}[/]", Text(step["title"]), needs)
    return table


def question(approval: Shown, texts: Texts) -> Group:
    """What is asked, exactly, and what can be typed."""
    lines: list[Text] = [Text(approval["title"] or approval["kind"], style="bold yellow")]
    call: Shown = approval.get("call") or {}
    arguments: Shown = call.get("arguments") or {}
    for name, value in arguments.items():
        lines.append(Text(f"  {name}: {value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)}"))
    lines += [Text(f"  {n}. {choice['label']}") for n, choice in enumerate(approval.get("choices") or [], 1)]
    lines.append(Text(texts.say(f"terminal.{approval['kind']}"), style="dim"))
    return Group(*lines)


def result(execution: Shown, texts: Texts) -> Group:
    """How it ended and what came of it."""
    outcome = execution["outcome"] or execution["status"]
    lines = [Text(texts.say(f"terminal.outcome.{outcome}"), style="bold")]
    found: Shown = execution["result"] or {}
    if found.get("summary"):
        lines.append(Text(found["summary"]))
    if found.get("meeting"):
        lines.append(Text(f"{found['meeting']['title']} · {found['meeting']['starts']} · {found['meeting']['link']}"))
    if found.get("agenda"):
        lines.append(Text(found["agenda"]["path"] or found["agenda"]["title"]))
    lines += [
        Text(f"[{n}] {s['path']}:{s['line'] or ''}", style="dim") for n, s in enumerate(found.get("sources") or [], 1)
    ]
    lines += [Text(f"{s['id']}: {s['error']['detail']}", style="red") for s in _steps(execution) if s["error"]]
    return Group(*lines)


def _steps(execution: Shown) -> list[Shown]:
    plan: Shown = execution["plan"] or {}
    return plan.get("steps", [])
