"""What Anthropic's models refuse, where they differ; a refused parameter is a 400 on every call.

From the models' migration guides, the pages on thinking and on effort (platform.claude.com/docs, read 2026-11-24 as of
October 2026). A model that is not named is treated like the newest ones: what it might refuse is not sent.
"""

from __future__ import annotations

import re

# Fable and Mythos 5.1 and later, Opus 5.5 and Sonnet 5.5 answer a forced tool with 400; Haiku 5.5 takes it.
_FORCED = re.compile(r"claude-(haiku-[45]-5|(sonnet|opus)-(4-\d|5)|(fable|mythos)-5)(-\d{8})?")
_NO_EFFORT = re.compile(r"claude-(haiku|sonnet)-4-5(-\d{8})?")


def can_be_forced(model: str) -> bool:
    """May ``tool_choice`` name a tool? If not, the model has to be told in words."""
    return _FORCED.fullmatch(model) is not None


def takes_effort(model: str) -> bool:
    """May ``output_config.effort`` be given?"""
    return _NO_EFFORT.fullmatch(model) is None
