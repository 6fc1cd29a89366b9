"""Buttons and menus. What they carry are opaque ids, what they say is cut to what Slack takes."""

from __future__ import annotations

from collections.abc import Sequence

from bot.parts.measure import cut
from bot.presses import Press, choice_token
from bot.render.approvals import Button
from bot.render.safe_text import clean
from bot.render.texts import Texts
from bot.slack.markup.drawing import Block, plain_text
from bot.slack.markup.limits import BUTTON as BUTTON_LABEL
from bot.slack.markup.limits import CONFIRM_BUTTON, CONFIRM_TEXT, CONFIRM_TITLE, OPTION, OPTION_VALUE, PLACEHOLDER

MOST_IN_ROW = 25
MOST_BUTTONS = 5
"""More choices than this are a menu."""

_STYLES = {"primary": "primary", "danger": "danger"}


def button(press: Press, label: str, *, tone: str = "plain", confirm: Block | None = None) -> Block:
    """A button that stands for a press."""
    made: Block = {
        "type": "button",
        "action_id": press.name,
        "text": plain_text(clean(label), BUTTON_LABEL),
        "value": press.value,
    }
    if tone in _STYLES:
        made["style"] = _STYLES[tone]
    return {**made, "confirm": confirm} if confirm else made


def menu(press: Press, placeholder: str, options: Sequence[tuple[str, str]]) -> Block:
    """A menu; ``options`` are pairs of label and choice, each of which stands for the press with that choice."""
    return {
        "type": "static_select",
        "action_id": press.name,
        "placeholder": plain_text(placeholder, PLACEHOLDER),
        "options": [option(label, _with_choice(press, choice).value) for label, choice in options],
    }


def option(label: str, value: str) -> Block:
    """One of a menu, of radio buttons or of boxes to tick.

    Raises:
        ValueError: the value is too long to be carried: our bug.
    """
    if len(value) > OPTION_VALUE:
        raise ValueError(f"An option's value has {len(value)} characters; Slack takes {OPTION_VALUE}.")
    return {"text": plain_text(clean(label), OPTION), "value": value}


def confirmation(texts: Texts, key: str) -> Block:
    """The dialog before something that cannot be taken back; its words are ``<key>_title``, ``_text``, ``_yes``, ``_no``."""
    return {
        "title": plain_text(texts.say(f"{key}_title"), CONFIRM_TITLE),
        "text": plain_text(texts.say(f"{key}_text"), CONFIRM_TEXT),
        "confirm": plain_text(texts.say(f"{key}_yes"), CONFIRM_BUTTON),
        "deny": plain_text(texts.say(f"{key}_no"), CONFIRM_BUTTON),
        "style": "danger",
    }


def rows(elements: Sequence[Block]) -> list[Block]:
    """Elements as blocks of actions; none for none."""
    starts = range(0, len(elements), MOST_IN_ROW)
    return [{"type": "actions", "elements": list(elements[start : start + MOST_IN_ROW])} for start in starts]


def feedback(execution: str, buttons: Sequence[Button], *, rich: bool) -> list[Block]:
    """The two buttons that rate a result: Slack's own pair, or plain ones."""
    pair = [
        (Press(action="feedback", execution=execution, rating=made.rating), made) for made in buttons if made.rating
    ]
    if rich and {made.rating for _, made in pair} == {1, -1} and len(pair) == 2:
        names = {1: "positive_button", -1: "negative_button"}
        sides = {
            names[made.rating]: {"text": plain_text(clean(made.label), BUTTON_LABEL), "value": press.value}
            for press, made in pair
        }
        element: Block = {"type": "feedback_buttons", "action_id": Press(action="feedback").name, **sides}
        return [{"type": "context_actions", "elements": [element]}]
    return rows([button(press, made.label) for press, made in pair])


def shortened(label: str, limit: int) -> str:
    """A label on one line of at most ``limit`` units."""
    return cut(" ".join(clean(label).split()), limit)


def _with_choice(press: Press, choice: str) -> Press:
    return Press(action=press.action, execution=press.execution, approval=press.approval, choice=choice_token(choice))
