"""A prompt is a versioned file; what was asked with it says so for ever."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Prompt:
    """One version of one prompt. A version's text never changes: another text is another version."""

    name: str
    version: int
    text: str

    @property
    def ref(self) -> str:
        """``name@version``: what plans and answers store."""
        return f"{self.name}@{self.version}"

    @property
    def content_hash(self) -> str:
        """SHA-256 of the text, in hexadecimal."""
        return hashlib.sha256(self.text.encode()).hexdigest()
