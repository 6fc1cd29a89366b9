"""Scripted misfortune of the Web API: which call it strikes, and how."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from tests.servers.slackd.log import Json


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """What happens to a call instead of, before or after what should."""

    kind: str
    """``error``, ``status``, ``reset_before``, ``reset_after_commit``, ``latency`` or ``garbage``."""
    status: int = 200
    retry_after: int | None = None
    seconds: float = 0.0
    answer: Json = field(default_factory=dict[str, Any])

    @classmethod
    def rate_limited(cls, retry_after: int) -> Fault:
        """HTTP 429 with ``Retry-After``."""
        return cls(kind="status", status=429, retry_after=retry_after, answer={"ok": False, "error": "ratelimited"})

    @classmethod
    def server_error(cls, status: int = 503) -> Fault:
        """An answer of the load balancer's, not of the API: HTML, and nothing done."""
        return cls(kind="garbage", status=status)

    @classmethod
    def reset_before(cls) -> Fault:
        """The connection breaks and nothing was done."""
        return cls(kind="reset_before")

    @classmethod
    def reset_after_commit(cls) -> Fault:
        """Everything was done and the connection breaks before the answer."""
        return cls(kind="reset_after_commit")

    @classmethod
    def latency(cls, seconds: float) -> Fault:
        """The call is done after so many seconds of the server's clock (real seconds do as well)."""
        return cls(kind="latency", seconds=seconds)

    @classmethod
    def error(cls, code: str, **fields: Any) -> Fault:
        """``ok: false`` with this code, and nothing done."""
        return cls(kind="error", answer={"ok": False, "error": code, **fields})

    def as_json(self) -> Json:
        """For the control interface."""
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(slots=True, kw_only=True)
class _Script:
    method: str
    fault: Fault
    times: int
    skip: int
    when: Callable[[Json], bool] | None
    match: Mapping[str, Any]

    def fits(self, method: str, params: Json) -> bool:
        if self.method not in ("*", method):
            return False
        if any(not _matches(params.get(name), wanted) for name, wanted in self.match.items()):
            return False
        return self.when is None or self.when(params)


class Faults:
    """Scripts in the order they were written; the first that fits a call strikes it."""

    def __init__(self) -> None:
        self._scripts: list[_Script] = []
        self.struck: list[tuple[str, str]] = []
        """(method, kind) of every fault that happened."""

    def next(
        self,
        method: str,
        fault: Fault,
        times: int = 1,
        when: Callable[[Json], bool] | None = None,
        *,
        skip: int = 0,
        match: Mapping[str, Any] | None = None,
    ) -> None:
        """Strike the next ``times`` calls of ``method`` (``*``: any) that fit, after letting ``skip`` of them pass.

        ``when`` sees the parameters; ``match`` names values they must have, or texts they must contain when the wanted
        value begins with ``~``. ``method`` may also be ``upload`` or ``response_url``.
        """
        self._scripts.append(
            _Script(method=method, fault=fault, times=times, skip=skip, when=when, match=dict(match or {}))
        )

    def clear(self) -> None:
        """Forget what has not struck yet."""
        self._scripts.clear()

    def pending(self) -> int:
        """How many strikes are still to come."""
        return sum(script.times for script in self._scripts)

    def strike(self, method: str, params: Json) -> Fault | None:
        """The fault for this call, if one is due."""
        for script in self._scripts:
            if not script.fits(method, params):
                continue
            if script.skip > 0:
                script.skip -= 1
                continue
            script.times -= 1
            if script.times <= 0:
                self._scripts.remove(script)
            self.struck.append((method, script.fault.kind))
            return script.fault
        return None


def _matches(value: Any, wanted: Any) -> bool:
    if isinstance(wanted, str) and wanted.startswith("~"):
        return wanted[1:] in (value if isinstance(value, str) else repr(cast("object", value)))
    return bool(value == wanted)
