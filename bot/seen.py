"""What examining a chat finds: each thing by its code, in words, with its mend where it needs one."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """One thing about a chat."""

    code: str
    """Stable; its sentence is ``doctor_<chat>.<code>``."""
    ok: bool
    """False: something will not work until it is mended."""
    text: str
    """A sentence in the locale of the settings."""
