"""What the chat page says while a person changes a plan: the sentences every surface says then, under the page's own names."""

from __future__ import annotations

from collections.abc import Mapping

from bot.render.texts import catalogue

_FAULTS = (
    "empty",
    "short",
    "long",
    "few",
    "many",
    "number",
    "whole",
    "least",
    "most",
    "unfit",
    "bad_json",
    "bad_moment",
)

SHEET: Mapping[str, str] = {
    "sheet.edit": "action.edit_step",
    "sheet.retry": "action.retry_step",
    "sheet.drop": "action.drop_step",
    "sheet.note": "chat.form.plan_note",
    "sheet.save": "chat.form.save_step",
    "sheet.close": "chat.form.close",
    "sheet.taken": "plan_version.taken",
    "sheet.stays": "chat.form.plan_stays",
    **{f"fault.{name}": f"chat.form.{name}" for name in _FAULTS},
}
"""The sentence behind each name. Placeholders stay as they are, the page fills them in."""


def sheet_texts(locale: str) -> dict[str, str]:
    """Every sentence of :data:`SHEET` in a known language, by the page's name for it."""
    known = catalogue(locale)
    return {name: str(known[key]) for name, key in SHEET.items()}
