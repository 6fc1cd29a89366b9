"""The second of three judges: the models of the platform's SDK for Python, which know lengths and some relations."""

from __future__ import annotations

import copy
import logging
from collections.abc import Iterator
from typing import Any

from slack_sdk.errors import SlackObjectFormationError
from slack_sdk.models.blocks import Block
from slack_sdk.models.views import View

from tests.servers.blockkit.pointers import is_list, is_object, problem, step

_UNKNOWN_TO_THE_SDK = frozenset({"data_table"})
"""Types of the SDK for Node that the SDK for Python has no model for."""


def problems_of_block(block: dict[str, Any], pointer: str) -> Iterator[str]:
    """What the SDK's model of this block refuses: one problem at most, the first it meets."""
    if block.get("type") in _UNKNOWN_TO_THE_SDK:
        return
    refusal = _refusal(block)
    if refusal:
        yield problem(refusal, pointer)
    if block.get("type") == "plan" and is_list(block.get("tasks")):
        for index, task in enumerate(block["tasks"]):
            refusal = _refusal({**task, "type": "task_card"}) if is_object(task) else None
            if refusal:
                yield problem(refusal, step(step(pointer, "tasks"), index))


def problems_of_view(view: dict[str, Any]) -> Iterator[str]:
    """What the SDK's model of a view refuses."""
    try:
        with _quiet():
            View(**copy.deepcopy(view)).to_dict()  # pyright: ignore[reportUnknownMemberType] - untyped there
    except SlackObjectFormationError as error:
        yield problem(str(error), "/view")
    except (TypeError, AttributeError, ValueError, KeyError) as error:
        yield problem(f"not a view: {error}", "/view")


def _refusal(block: dict[str, Any]) -> str | None:
    try:
        with _quiet():
            model = Block.parse(copy.deepcopy(block))  # pyright: ignore[reportUnknownMemberType]
            if model is None:
                return None  # the other judges name a type that nobody knows
            model.to_dict()  # pyright: ignore[reportUnknownMemberType]
    except SlackObjectFormationError as error:
        return str(error)
    except (TypeError, AttributeError, ValueError, KeyError) as error:
        return f"not a {block.get('type')}: {error}"
    return None


class _quiet:  # noqa: N801 - reads as a word
    """The models warn of unknown fields in the log; the first judge says that better."""

    def __enter__(self) -> None:
        self._logger = logging.getLogger("slack_sdk.models")
        self._before = self._logger.level
        self._logger.setLevel(logging.CRITICAL)

    def __exit__(self, *_: object) -> None:
        self._logger.setLevel(self._before)
