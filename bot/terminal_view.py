"""What the terminal shows of an execution, from the JSON of the API: the plan as it grows, questions, the end, the cost."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from bot.render.account import account_lists
from bot.render.approvals import when_tried
from bot.render.card import PAUSE_SETTINGS
from bot.render.cost import spend_line, step_cost
from bot.render.texts import Texts, bare
from bot.render.topics import asked, topic_choice
from bot.render.undo import became_of
from engine.domain.artifact import Undone, load
from engine.domain.spend import Money, Spend, Usage

Shown = dict[str, Any]
"""A JSON object of contract.md."""

_MARKS = {"succeeded": "[green]✓[/]", "failed": "[red]✗[/]", "rejected": "[yellow]–[/]", "skipped": "[dim]·[/]"}
_ACCOUNT_MARKS = {"done": ("✓", "green"), "not_done": ("–", "dim"), "unknown": ("?", "yellow")}


def progress(execution: Shown, texts: Texts) -> RenderableType:
    """The plan as it stands, or as far as it has been drafted, and what it has cost."""
    table = Table(box=None, show_header=False, padding=(0, 1))
    for step in _steps(execution):
        mark = _MARKS.get(step["outcome"] or "", "[cyan]…[/]" if step["status"] == "running" else "[dim]○[/]")
        needs = f"[dim]← {', '.join(step['depends_on'])}[/]" if step["depends_on"] else ""
        cost = Text(step_cost(_spend(step["cost"]), texts), style="dim")
        table.add_row(mark, f"[dim]{step['id']}[/]", Text(step["title"]), needs, cost)
    plan: Shown | None = execution["plan"]
    draft = plan is not None and plan["version"] == 0
    lines = [texts.say("card.more") if draft else "", _cost(execution, texts)]
    return Group(table, *(Text(line, style="dim") for line in lines if line))


def question(approval: Shown, texts: Texts) -> Group:
    """What is asked, exactly, and what can be typed."""
    words = asked(approval["topic"], approval["title"], approval["parameters"], texts)
    title = words.title if words else approval["title"] or approval["kind"]
    lines: list[Text] = [Text(title, style="bold yellow")]
    if approval["kind"] == "unknown_outcome":
        asked_at = datetime.fromisoformat(approval["created_at"])
        tried = when_tried(approval["parameters"], asked_at, texts)
        lines.insert(0, Text(texts.say("approval.unknown_outcome", when=tried), style="bold"))
        lines.append(Text(texts.say("approval.unknown_outcome_lead"), style="dim"))
    lines += [Text(line) for line in (words.subject, words.lead) if line] if words else []
    call: Shown = approval.get("call") or {}
    arguments: Shown = call.get("arguments") or {}
    for name, value in arguments.items():
        lines.append(Text(f"  {name}: {value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)}"))
    choices: list[Shown] = approval.get("choices") or []
    lines += [Text(f"  {n}. {_choice(approval, choice, texts)}") for n, choice in enumerate(choices, 1)]
    lines.append(Text(texts.say(f"terminal.{_hint(approval)}"), style="dim"))
    return Group(*lines)


def result(execution: Shown, texts: Texts) -> Group:
    """How it ended, or why it does not go on; what came of it, and what it cost."""
    outcome = execution["outcome"] or execution["status"]
    lines = [Text(texts.say(f"terminal.outcome.{outcome}"), style="bold"), *_account(execution, texts)]
    setting = PAUSE_SETTINGS.get(execution["pause_reason"])
    if setting:
        lines.append(Text(texts.say(f"card.paused.{execution['pause_reason']}", setting=setting), style="yellow"))
    found: Shown = execution["result"] or {}
    if found.get("summary"):
        lines.append(Text(found["summary"]))
    if found.get("meeting"):
        lines.append(Text(f"{found['meeting']['title']} · {found['meeting']['starts']} · {found['meeting']['link']}"))
    if found.get("agenda"):
        lines.append(Text(found["agenda"]["path"] or found["agenda"]["title"]))
    lines += [Text(f"↩ {line}") for line in _undone(found, texts)]
    lines += [
        Text(f"[{n}] {s['path']}:{s['line'] or ''}", style="dim") for n, s in enumerate(found.get("sources") or [], 1)
    ]
    lines += [Text(f"{s['id']}: {s['error']['detail']}", style="red") for s in _steps(execution) if s["error"]]
    if execution["error"]:
        lines.append(Text(texts.error(execution["error"]["code"]), style="red"))
    lines.append(Text(_cost(execution, texts), style="dim"))
    return Group(*(line for line in lines if line.plain))


def _account(execution: Shown, texts: Texts) -> list[Text]:
    """What was done, what was not, and what may have happened, where it did not simply succeed."""
    lines: list[Text] = []
    ended = datetime.fromisoformat(execution["updated_at"])
    for one in account_lists(execution["result"], ended, texts):
        mark, style = _ACCOUNT_MARKS[one.kind]
        lines.append(Text(one.heading, style="bold"))
        for row in one.rows:
            note = ("" if not row.note else f" · {row.note}", "dim")
            lines.append(Text.assemble((f"  {mark} ", style), row.title, note))
    return lines


def costs(found: Shown, texts: Texts) -> RenderableType:
    """What model calls cost, by day, person and model, as ``GET /api/costs`` gives it; says so where there were none."""
    items: list[Shown] = found["items"]
    if not items:
        return Text(texts.say("card.no_cost"))
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    for line in items:
        told = spend_line(_spend(line["cost"]), texts, model=line["model"], over=True)
        table.add_row(line["day"], Text(line["user_id"]), Text(line["model"]), Text(told))
    return table


def _undone(found: Shown, texts: Texts) -> list[str]:
    """What an undo took back: each thing, and what became of it."""
    made: Shown = found.get("artifacts") or {}
    undone = [one for value in made.values() if isinstance(one := load(value), Undone)]
    return [bare(f"{one.title}: {became_of(one, texts)}") for one in undone]


def _choice(approval: Shown, choice: Shown, texts: Texts) -> str:
    if approval["kind"] == "unknown_outcome" and texts.knows(f"outcome.{choice['id']}"):
        return texts.say(f"outcome.{choice['id']}")
    return topic_choice(approval["topic"], choice["id"], texts) or choice["label"]


def _hint(approval: Shown) -> str:
    """Name of the line that says what can be typed."""
    if approval["kind"] != "question" or not approval.get("choices"):
        return approval["kind"]
    return "choice" if approval["topic"] else "question_choices"


def _cost(execution: Shown, texts: Texts) -> str:
    plan: Shown = execution["plan"] or {}
    over = execution["outcome"] is not None
    return spend_line(_spend(execution["cost"]), texts, model=plan.get("model", ""), over=over)


def _spend(cost: Shown) -> Spend:
    cached = cost["cache_read_tokens"]
    return Spend(
        calls=cost["calls"],
        usage=Usage(
            input_tokens=cost["input_tokens"] - cached,
            output_tokens=cost["output_tokens"],
            cache_read_tokens=cached,
            estimated=cost["estimated"],
        ),
        cost=Money.usd(cost["usd"]),
        held=Money.usd(cost["reserved_usd"]),
        unpriced=cost["unpriced_calls"],
    )


def _steps(execution: Shown) -> list[Shown]:
    plan: Shown = execution["plan"] or {}
    return plan.get("steps", [])
