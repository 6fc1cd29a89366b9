"""Who is at the door: tokens, session cookies, one-time codes, and which hosts and origins are ours.

Knows no web framework; doors hand in strings and get principals. Codes and tickets live in memory only: a restart
ends them, while a session lives exactly as long as the owner's token.
"""

from __future__ import annotations

import base64
import binascii
import contextlib
import hashlib
import hmac
import os
import secrets
import stat
import string
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

from loguru import logger

from engine.domain.ids import DEFAULT_TENANT, PrincipalId
from engine.domain.tenant import Principal, Role
from engine.domain.waiting import left
from engine.errors import NotAllowedError, RequestError
from engine.ports.clock import Clock

OWNER_ID = PrincipalId("owner")
TOKEN_FILE = "api_token"
LOGIN_LIFETIME = timedelta(minutes=10)
TICKET_LIFETIME = timedelta(seconds=60)
MAX_OUTSTANDING = 1_000
"""Codes of one kind alive at a time; beyond it the oldest dies."""
MAX_TOKEN_CHARACTERS = 512
CODE_CHARACTERS = 43
"""Length of a one-time code, over 256 bits; a link that opens a Telegram chat with one takes 64 at most."""

_CODE_ALPHABET = string.ascii_letters + string.digits
"""No marks: people carry codes by hand through chats that read ``_`` and ``-`` as markup or as the end of a link."""
_SESSION = "session\0"
_MIN_TOKEN_CHARACTERS = 32
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})

FindByToken = Callable[[str], Awaitable[Principal | None]]
"""Token hash (SHA-256, hexadecimal) → its principal, or None."""
FindById = Callable[[PrincipalId], Awaitable[Principal | None]]
"""Principal id → the principal as it stands, or None."""


async def nobody(_key: str) -> Principal | None:
    """The directory of a home that has only its owner."""
    return None


def load_token(path: Path) -> str:
    """The owner's token, made at first start. The file appears whole, readable by its owner only. Blocking.

    Raises:
        RequestError: ``api_token_unusable``: the file holds no token of ours or cannot be read or written.
    """
    try:
        token = _read_token(path) if path.exists() else _make_token(path)
    except (OSError, UnicodeDecodeError) as error:
        raise _unusable(path, str(error)) from error
    if len(token) < _MIN_TOKEN_CHARACTERS or not token.isascii() or not token.isprintable():
        raise _unusable(path, "it does not hold a token")
    return token


def token_hash(token: str) -> str:
    """What is stored of a token: SHA-256, in hexadecimal."""
    return hashlib.sha256(_bytes(token)).hexdigest()


def new_code() -> str:
    """An unguessable code of letters and digits, which no chat's markup changes."""
    return "".join(secrets.choice(_CODE_ALPHABET) for _ in range(CODE_CHARACTERS))


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessOptions:
    """Where the product is reached, and who else may come."""

    host: str = "127.0.0.1"
    """Address it listens on."""
    public_url: str | None = None
    """Where people reach it from outside, such as ``https://tizmor.example.org``."""
    lookup: FindByToken = nobody
    find: FindById = nobody


class OneTimeCodes:
    """Unguessable codes, each good once and for a limited time; only their hashes are held."""

    def __init__(self, clock: Clock, lifetime: timedelta) -> None:
        self._clock = clock
        self._lifetime = lifetime
        self._live: dict[str, tuple[Principal, datetime]] = {}

    def issue(self, principal: Principal) -> tuple[str, datetime]:
        """Make a code for a principal.

        Returns:
            The code and the instant it dies.
        """
        now = self._clock.now()
        self._live = {key: entry for key, entry in self._live.items() if entry[1] > now}
        while len(self._live) >= MAX_OUTSTANDING:
            del self._live[next(iter(self._live))]
        code, dies = new_code(), now + self._lifetime
        self._live[token_hash(code)] = (principal, dies)
        return code, dies

    def redeem(self, code: str) -> Principal | None:
        """Use a code up. None: unknown, used or too old (the three are never told apart)."""
        entry = self._live.pop(token_hash(code[:MAX_TOKEN_CHARACTERS]), None)
        if entry is None or not left(entry[1], self._clock.now(), self._lifetime):
            return None
        return entry[0]

    def knows(self, code: str) -> bool:
        """Is a code good? It stays so; how long the answer takes says nothing of the codes."""
        presented, now, good = token_hash(code[:MAX_TOKEN_CHARACTERS]), self._clock.now(), False
        for key, (_, dies) in self._live.items():
            good |= hmac.compare_digest(key, presented) and bool(left(dies, now, self._lifetime))
        return good

    def void(self) -> None:
        """End every code."""
        self._live.clear()


class Access:
    """Turns proof into a principal."""

    def __init__(self, *, owner: Principal, token: str, clock: Clock, options: AccessOptions) -> None:
        self._owner = owner
        self._token = token
        self._hash = token_hash(token)
        self._options = options
        self.clock = clock
        """The door's clock, for whoever waits at it."""
        self._public = urlsplit(options.public_url) if options.public_url else None
        self.logins = OneTimeCodes(clock, LOGIN_LIFETIME)
        """Codes of one-time links."""
        self.tickets = OneTimeCodes(clock, TICKET_LIFETIME)
        """Codes for event streams opened where no header can be set."""

    @property
    def cookie_name(self) -> str:
        """The session cookie's name; differs per home, because browsers share cookies between ports."""
        return "tizmor_" + self._sign("cookie-name")[:8]

    @classmethod
    def open(cls, home: Path, clock: Clock, options: AccessOptions) -> Access:
        """Access to a home, with its owner's token made at first start. Blocking.

        Raises:
            RequestError: as :func:`load_token`.
        """
        owner = Principal(id=OWNER_ID, tenant_id=DEFAULT_TENANT, role=Role.OWNER)
        return cls(owner=owner, token=load_token(home / TOKEN_FILE), clock=clock, options=options)

    def login_code(self) -> str:
        """A code for ``/login?code=…`` that signs the owner in, once, within ten minutes."""
        return self.logins.issue(self._owner)[0]

    async def by_token(self, token: str) -> Principal | None:
        """The principal a bearer token stands for, or None."""
        if not token or len(token) > MAX_TOKEN_CHARACTERS:
            return None
        presented = token_hash(token)
        if hmac.compare_digest(presented, self._hash):
            return self._owner
        return await self._options.lookup(presented)

    def session_cookie(self, principal: Principal) -> str:
        """A session for this principal; holds no secret but its signature."""
        name = base64.urlsafe_b64encode(principal.id.encode()).decode().rstrip("=")
        return f"{name}.{self._sign(_SESSION + principal.id)}"

    async def by_session(self, cookie: str) -> Principal | None:
        """The principal a session cookie stands for, as it stands today; None for anything we did not sign."""
        name, _, signature = cookie.partition(".")
        principal_id = _decode(name)
        if principal_id is None:
            return None
        if not hmac.compare_digest(_bytes(signature), self._sign(_SESSION + principal_id).encode()):
            return None
        if principal_id == self._owner.id:
            return self._owner
        return await self._options.find(principal_id)

    def host_allowed(self, host: str, local: tuple[str, int] | None) -> bool:
        """Is a ``Host`` header ours? ``local`` is the address and port the connection came in on.

        A page whose name was pointed at this machine (DNS rebinding) still sends its own name.
        """
        parsed = _split_host(host)
        if parsed is None:
            return False
        name, port = parsed
        if name in _LOOPBACK or (self._public is not None and name == self._public.hostname):
            return True
        ours = {self._options.host.lower()} | ({local[0]} if local else set[str]())
        return name in ours and local is not None and (port or 80) == local[1]

    def origin_allowed(self, origin: str, host: str) -> bool:
        """May a page of this ``Origin`` write with a cookie? Only our own pages, reached as ``host``."""
        lowered = origin.lower()
        if self._public is not None and lowered == f"{self._public.scheme}://{self._public.netloc}".lower():
            return True
        return lowered == f"http://{host}".lower()

    def secure(self, host: str) -> bool:
        """Must a cookie set on this ``Host`` stay on TLS?"""
        parsed = _split_host(host)
        return (
            parsed is not None
            and self._public is not None
            and self._public.scheme == "https"
            and parsed[0] == self._public.hostname
        )

    def _sign(self, text: str) -> str:
        return hmac.new(self._token.encode(), b"tizmor\0" + _bytes(text), hashlib.sha256).hexdigest()


def acting_for(principal: Principal, user_id: str | None) -> PrincipalId | None:
    """For whom a principal may ask: itself (None), or anybody where it is owner or admin.

    Raises:
        NotAllowedError: ``user_not_allowed``.
    """
    if user_id is None or user_id == principal.id:
        return None
    if principal.role not in (Role.OWNER, Role.ADMIN):
        raise NotAllowedError(
            "user_not_allowed",
            "Field /user_id names another person; leave it out, or use an owner's or admin's token.",
        )
    return PrincipalId(user_id)


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _make_token(path: Path) -> str:
    token = "tzm_" + secrets.token_urlsafe(32)
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(token + "\n")
            file.flush()
            os.fsync(file.fileno())
        # A link never replaces: whoever was first keeps their token, and everybody reads that one.
        with contextlib.suppress(FileExistsError):
            os.link(draft, path)
    finally:
        draft.unlink()
    return _read_token(path)


def _read_token(path: Path) -> str:
    if stat.S_IMODE(path.stat().st_mode) & 0o077:
        path.chmod(0o600)
        logger.bind(path=str(path)).warning("api_token_permissions_tightened")
    return path.read_text(encoding="ascii").strip()


def _unusable(path: Path, reason: str) -> RequestError:
    return RequestError(
        "api_token_unusable",
        f"The token file {path} cannot be used: {reason}. Mend it, or delete it to get a new token at the next start.",
        {"path": str(path)},
    )


def _decode(name: str) -> PrincipalId | None:
    try:
        return PrincipalId(base64.b64decode(name + "=" * (-len(name) % 4), altchars=b"-_", validate=True).decode())
    except (binascii.Error, ValueError):
        return None


def _split_host(host: str) -> tuple[str, int | None] | None:
    if not host or any(c in host for c in "/@?#\\ \t"):
        return None
    try:
        parts = urlsplit(f"//{host}")
        return (parts.hostname, parts.port) if parts.hostname else None
    except ValueError:
        return None
