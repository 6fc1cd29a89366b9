"""How the bot hears: by asking, or at an address."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

from tests.servers.telegramd.calls import Call, method
from tests.servers.telegramd.log import Json
from tests.servers.telegramd.refusals import HOOKED, bad_request, conflict
from tests.servers.telegramd.updates import USUAL

LONGEST_POLL = 50
_SECRET = re.compile(r"[A-Za-z0-9_-]{0,256}")


@method("getUpdates", "offset limit timeout allowed_updates")
async def get_updates(call: Call) -> list[Json]:
    """What happened since; waits for it as long as it is asked to."""
    if call.updates.hook.url:
        raise conflict(HOOKED)
    call.updates.listen(_allowed(call))
    limit = min(max(call.number("limit", 100), 1), 100)
    timeout = min(max(call.number("timeout"), 0), LONGEST_POLL)
    found = await call.updates.take(call.number("offset"), limit, timeout)
    for update in found:
        entry = call.world.log.add("update", update.kind, call.world.clock.running(), update.wire())
        entry.ok = True
    return [update.wire() for update in found]


@method("setWebhook", "url certificate ip_address max_connections allowed_updates drop_pending_updates secret_token")
def set_webhook(call: Call) -> bool:
    """Have updates delivered to an address from here on."""
    url, secret = call.text("url"), call.text("secret_token")
    if not url:
        return delete_webhook(call)
    if urlsplit(url).scheme not in ("https", "http") or not urlsplit(url).hostname:
        raise bad_request("invalid webhook URL specified")
    if len(secret) > 256:
        raise bad_request("secret token is too long")
    if not _SECRET.fullmatch(secret):
        raise bad_request("secret token contains unallowed characters")
    if call.flag("drop_pending_updates"):
        call.updates.drop()
    call.updates.listen(_allowed(call))
    call.updates.interrupt()
    call.updates.hook.set(url, secret, call.number("max_connections", 40))
    call.world.touch()
    return True


@method("deleteWebhook", "drop_pending_updates")
def delete_webhook(call: Call) -> bool:
    """Have nothing delivered any more."""
    if call.flag("drop_pending_updates"):
        call.updates.drop()
    call.updates.hook.unset()
    call.world.touch()
    return True


@method("getWebhookInfo")
def get_webhook_info(call: Call) -> Json:
    """Where updates go, and what went wrong last."""
    updates = call.updates
    updates.expire()
    hook = updates.hook
    found: Json = {"url": hook.url, "has_custom_certificate": False, "pending_update_count": len(updates.queue)}
    if hook.error_at:
        found |= {"last_error_date": int(hook.error_at), "last_error_message": hook.error}
    if hook.url:
        found |= {"max_connections": hook.connections, "ip_address": "127.0.0.1"}
    if updates.allowed != USUAL:
        found["allowed_updates"] = list(updates.allowed)
    return found


def _allowed(call: Call) -> list[Any] | None:
    if "allowed_updates" not in call.args or call.args["allowed_updates"] == "":
        return None
    return call.items("allowed_updates", "can't parse allowed_updates JSON object")
