"""One block after another, each as the platform's client lays it out."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

from tests.servers.slackd.preview.elements import element, image, text_object
from tests.servers.slackd.preview.markdown import markdown
from tests.servers.slackd.preview.mrkdwn import escaped, plain
from tests.servers.slackd.preview.reading import Json, items, part, said
from tests.servers.slackd.preview.rich import rich_text


def blocks(found: list[Json]) -> str:
    """A list of blocks; one that is not known here is named in its place."""
    return "".join(_block(block) for block in found)


def _block(block: Json) -> str:
    kind = str(block.get("type"))
    draw = _DRAWN.get(kind)
    inner = draw(block) if draw else f'<span class="unknown">{escaped(kind)}</span>'
    return f'<div class="block {escaped(kind)}">{inner}</div>'


def _section(block: Json) -> str:
    text, fields, accessory = block.get("text"), items(block, "fields"), part(block, "accessory")
    main = f'<div class="text" dir="auto">{text_object(text)}</div>' if text else ""
    if fields:
        main += (
            '<div class="fields">' + "".join(f'<div dir="auto">{text_object(one)}</div>' for one in fields) + "</div>"
        )
    side = f'<div class="accessory">{element(accessory)}</div>' if accessory else ""
    return f'<div class="main">{main}</div>{side}'


def _header(block: Json) -> str:
    return f'<h2 dir="auto">{text_object(block.get("text"))}</h2>'


def _context(block: Json) -> str:
    shown = (
        image(one) if one.get("type") == "image" else f'<span class="said" dir="auto">{text_object(one)}</span>'
        for one in items(block, "elements")
    )
    return "".join(shown)


def _actions(block: Json) -> str:
    return "".join(element(one) for one in items(block, "elements"))


def _input(block: Json) -> str:
    optional = ' <span class="optional">(optional)</span>' if block.get("optional") else ""
    hint = block.get("hint")
    below = f'<div class="hint" dir="auto">{text_object(hint)}</div>' if hint else ""
    label = f'<div class="label" dir="auto">{text_object(block.get("label"))}{optional}</div>'
    return f"{label}{element(part(block, 'element'))}{below}"


def _markdown(block: Json) -> str:
    return markdown(said(block, "text"))


def _plan(block: Json) -> str:
    title = f'<div class="plan-title"><span dir="auto">{plain(said(block, "title"))}</span><span>⌃</span></div>'
    return title + "".join(_task(task) for task in items(block, "tasks"))


def _task(task: Json) -> str:
    status = said(task, "status", "in_progress")
    parts = [f'<div class="task-title" dir="auto">{plain(said(task, "title"))}</div>']
    texts = ((name, part(task, name)) for name in ("details", "output"))
    parts += [f'<div class="task-{name}">{rich_text(text)}</div>' for name, text in texts if text]
    sources = items(task, "sources")
    if sources:
        chips = (
            f'<a class="source" dir="auto" href="{escaped(said(one, "url"))}">{plain(said(one, "text"))}</a>'
            for one in sources
        )
        parts.append(f'<div class="sources">{"".join(chips)}</div>')
    return f'<div class="task {escaped(status)}"><span class="mark"></span><div>{"".join(parts)}</div></div>'


def _cell(cell: Json) -> str:
    if cell.get("type") == "rich_text":
        return rich_text(cell)
    return plain(said(cell, "text"))


def _table(block: Json) -> str:
    settings = items(block, "column_settings")
    rows: list[str] = []
    for number, row in enumerate(cast("list[list[Json]]", block.get("rows", []))):
        tag = "th" if number == 0 else "td"
        cells: list[str] = []
        for column, cell in enumerate(row):
            align = said(settings[column], "align", "start") if column < len(settings) else "start"
            cells.append(f'<{tag} dir="auto" style="text-align:{escaped(align)}">{_cell(cell)}</{tag}>')
        rows.append(f"<tr>{''.join(cells)}</tr>")
    return f"<table>{''.join(rows)}</table>"


def _alert(block: Json) -> str:
    level = escaped(said(block, "level", "default"))
    return f'<div class="alert-{level}" dir="auto">{text_object(block.get("text"))}</div>'


def _picture(block: Json) -> str:
    title = block.get("title")
    return (f'<div class="text" dir="auto">{text_object(title)}</div>' if title else "") + image(block)


_DRAWN: dict[str, Callable[[Json], str]] = {
    "section": _section,
    "header": _header,
    "context": _context,
    "actions": _actions,
    "context_actions": _actions,
    "divider": lambda _: "<hr>",
    "input": _input,
    "markdown": _markdown,
    "plan": _plan,
    "task_card": _task,
    "rich_text": rich_text,
    "table": _table,
    "alert": _alert,
    "image": _picture,
}
