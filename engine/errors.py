"""Every error the product raises on purpose. Retry policy reads the class, never the text.

TizmorError
├── RequestError          the person can mend it: unknown id, bad input, not allowed, conflict
│   ├── NotFoundError     the named thing does not exist for this principal
│   ├── NotAllowedError   it exists, and this principal may not do that to it
│   └── ConflictError     it exists, and its state no longer admits the action
├── IntegrationError      the outside world failed
│   ├── UnavailableError  may work later: retry
│   │   └── StorageAwayError  what does not answer is our own storage
│   ├── AuthExpiredError  works once somebody reconnects the account
│   └── RefusedError      will never work like this: do not retry
├── PlanError             the plan is wrong: replan or ask
└── InternalError         our bug
    └── DamagedError      stored data is not what was stored
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta


class TizmorError(Exception):
    """Base of all errors raised on purpose.

    Args:
        code: stable identifier clients may match on, in ``snake_case``.
        detail: one English sentence for logs and API clients; names the thing, its value and the next action.
        parameters: values for the localized sentence ``error.<code>``, if a locale has one.
    """

    def __init__(self, code: str, detail: str, parameters: Mapping[str, str] | None = None) -> None:
        super().__init__(f"{code}: {detail}")
        self.code = code
        self.detail = detail
        self.parameters: Mapping[str, str] = parameters or {}


class RequestError(TizmorError):
    """What was asked cannot be done as asked; the person can mend it."""


class NotFoundError(RequestError):
    """The named thing does not exist, or not for this principal (the two are never told apart)."""


class NotAllowedError(RequestError):
    """The principal may not do this."""


class ConflictError(RequestError):
    """The thing's state no longer admits the action; ``detail`` says who or what got there first."""


class WithheldError(RequestError):
    """A write beside a gate at which a person said no; what would have been written may still be shown."""


class IntegrationError(TizmorError):
    """The outside world failed."""


class UnavailableError(IntegrationError):
    """May work later; the engine retries with back-off, and not before ``retry_after`` where the service named it.

    ``untouched``: it is certain that the call did not reach the service, so that nothing can have happened there.
    """

    def __init__(
        self,
        code: str,
        detail: str,
        parameters: Mapping[str, str] | None = None,
        *,
        retry_after: timedelta | None = None,
        untouched: bool = False,
    ) -> None:
        super().__init__(code, detail, parameters)
        self.retry_after = retry_after
        self.untouched = untouched


class StorageAwayError(UnavailableError):
    """Our own storage does not answer. A write may have happened all the same: read again to know."""


class AuthExpiredError(IntegrationError):
    """Works again once somebody reconnects the account; not retried."""


class RefusedError(IntegrationError):
    """The service said no, or the material cannot be used; repeating the same call is useless."""


class PlanError(TizmorError):
    """The plan is wrong in a way that running it again cannot mend."""


class InternalError(TizmorError):
    """Our bug: an invariant did not hold."""


class DamagedError(InternalError):
    """Stored data of one execution is not what was stored: nothing that follows from it may be done."""

    def __init__(self, code: str, detail: str, execution_id: str) -> None:
        super().__init__(code, detail, {"id": execution_id})
        self.execution_id = execution_id
