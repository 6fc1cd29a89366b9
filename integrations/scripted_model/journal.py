"""What a scripted server was asked and what it gave: for tests to look at, and for nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from integrations.scripted_model.scripts import Reply
from integrations.scripted_model.usage import InputUsage, tokens, weigh
from integrations.scripted_model.view import RequestView


class Ending(StrEnum):
    """How an exchange ended."""

    OPEN = "open"
    """It has not."""
    WHOLE = "whole"
    """Everything went out that the reply says."""
    REFUSED = "refused"
    """The request was not valid."""
    FAULT = "fault"
    """As the script wanted it: a status, a cut, an error event."""
    LEFT = "left"
    """The client went away, or the server was stopped."""


@dataclass(slots=True, kw_only=True)
class Exchange:
    """One call of ``POST /v1/messages``; filled in as it goes on."""

    request_id: str
    version: str
    """The API version the client named."""
    betas: tuple[str, ...]
    """Beta features the client named."""
    request: RequestView | None = None
    """None where it was not valid."""
    number: int | None = None
    """The script's; None where it was not asked."""
    reply: Reply | None = None
    status: int = 0
    """0: nothing was answered."""
    error: str = ""
    """Type and message of the error that was answered."""
    usage: InputUsage | None = None
    pieces: int = 0
    """How many have gone out."""
    ending: Ending = Ending.OPEN
    _weight: int = 0

    @property
    def output_tokens(self) -> int:
        """Of the pieces that have gone out."""
        return tokens(self._weight)

    def sent(self, text: str, pieces: int = 1) -> None:
        """Pieces are going out."""
        self.pieces += pieces
        self._weight += weigh(text)
