"""Scripted misfortune of calls: which one it strikes, and how."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from tests.servers.telegramd.log import Json


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """What happens to a call instead of, before or after what should."""

    kind: str
    """``answer``, ``html``, ``garbage``, ``reset``, ``silence`` or ``latency``."""
    committed: bool = False
    """The call is done first; only its answer suffers."""
    status: int = 200
    seconds: float = 0.0
    answer: Json = field(default_factory=dict[str, Any])

    @classmethod
    def flood(cls, retry_after: int) -> Fault:
        """429; from then on that chat is halted for so many seconds."""
        return cls.error(429, f"Too Many Requests: retry after {retry_after}", retry_after=retry_after)

    @classmethod
    def error(cls, code: int, description: str, **parameters: Any) -> Fault:
        """A refusal in Telegram's form, and nothing done."""
        answer: Json = {"ok": False, "error_code": code, "description": description}
        if parameters:
            answer["parameters"] = parameters
        return cls(kind="answer", status=code, answer=answer)

    @classmethod
    def server_error(cls, status: int = 500, *, committed: bool = False) -> Fault:
        """An error of Telegram's own, in its form."""
        made = cls.error(status, "Internal Server Error")
        return cls(kind="answer", status=status, answer=made.answer, committed=committed)

    @classmethod
    def bad_gateway(cls, *, committed: bool = False) -> Fault:
        """502 with a page of HTML from whatever stands before Telegram."""
        return cls(kind="html", status=502, committed=committed)

    @classmethod
    def garbage(cls, *, committed: bool = False) -> Fault:
        """200 with half of a JSON text."""
        return cls(kind="garbage", committed=committed)

    @classmethod
    def reset_before(cls) -> Fault:
        """The connection breaks and nothing was done."""
        return cls(kind="reset")

    @classmethod
    def reset_after_commit(cls) -> Fault:
        """Everything was done and the connection breaks before the answer."""
        return cls(kind="reset", committed=True)

    @classmethod
    def silence_before(cls) -> Fault:
        """No answer comes, ever, and nothing was done."""
        return cls(kind="silence")

    @classmethod
    def silence_after_commit(cls) -> Fault:
        """Everything was done and no answer comes, ever."""
        return cls(kind="silence", committed=True)

    @classmethod
    def latency(cls, seconds: float, *, committed: bool = False) -> Fault:
        """The call is done after so many seconds of the server's clock (real seconds do as well), or answered after them."""
        return cls(kind="latency", seconds=seconds, committed=committed)

    def as_json(self) -> Json:
        """For the control interface."""
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(slots=True, kw_only=True)
class _Script:
    method: str
    fault: Fault
    times: int
    skip: int
    chat: int | None
    when: Callable[[Json], bool] | None
    match: Mapping[str, Any]

    def fits(self, method: str, chat: int | None, params: Json) -> bool:
        if self.method not in ("*", method) or self.chat not in (None, chat):
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
        chat: int | None = None,
        match: Mapping[str, Any] | None = None,
    ) -> None:
        """Strike the next ``times`` calls of ``method`` (``*``: any) that fit, after letting ``skip`` of them pass.

        ``chat`` is a number. ``when`` sees the parameters; ``match`` names values they must have, or texts they must contain
        when the wanted value begins with ``~``.
        """
        script = _Script(
            method=method, fault=fault, times=times, skip=skip, chat=chat, when=when, match=dict(match or {})
        )
        self._scripts.append(script)

    def clear(self) -> None:
        """Forget what has not struck yet."""
        self._scripts.clear()

    def pending(self) -> int:
        """How many strikes are still to come."""
        return sum(script.times for script in self._scripts)

    def strike(self, method: str, chat: int | None, params: Json) -> Fault | None:
        """The fault for this call, if one is due."""
        for script in self._scripts:
            if not script.fits(method, chat, params):
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
    return bool(value == wanted) or str(value) == str(wanted)
