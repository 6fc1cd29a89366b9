"""People, as the app may know them."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from tests.servers.slackd.calls import ApiError, Call, method
from tests.servers.slackd.log import Json
from tests.servers.slackd.paging import page
from tests.servers.slackd.state import User


def as_api(call: Call, user: User) -> Json:
    """A user object; the address only with ``users:read.email``, and never of a stranger."""
    world = call.world
    here = datetime.fromtimestamp(world.clock.now(), UTC).astimezone(ZoneInfo(user.tz))
    offset = here.utcoffset()
    profile: Json = {
        "real_name": user.real_name,
        "real_name_normalized": user.real_name,
        "display_name": user.name,
        "display_name_normalized": user.name,
        "team": user.team_id,
        "image_72": "",
    }
    if "users:read.email" in world.granted and not user.stranger and not user.bot:
        profile["email"] = user.email
    if user.id == world.bot_user_id:
        profile |= {"api_app_id": world.app_id, "bot_id": world.bot_id, "always_active": False}
    found: Json = {
        "id": user.id,
        "team_id": user.team_id,
        "name": user.name,
        "deleted": user.deleted,
        "color": "9f69e7",
        "real_name": user.real_name,
        "tz": user.tz,
        "tz_label": here.tzname() or user.tz,
        "tz_offset": int(offset.total_seconds()) if offset is not None else 0,
        "profile": profile,
        "is_admin": user.admin,
        "is_owner": False,
        "is_primary_owner": False,
        "is_restricted": user.guest,
        "is_ultra_restricted": False,
        "is_bot": user.bot,
        "is_app_user": False,
        "updated": int(world.clock.now()),
    }
    if user.stranger:
        found["is_stranger"] = True
    if call.flag("include_locale"):
        found["locale"] = user.locale
    return found


@method("users.info", "user include_locale")
def users_info(call: Call) -> Json:
    """One person."""
    user = call.world.users.get(call.required("user"))
    if user is None:
        raise ApiError("user_not_found")
    return {"user": as_api(call, user)}


@method("users.list", "cursor limit include_locale team_id")
def users_list(call: Call) -> Json:
    """Everybody of this workspace."""
    members = [user for user in call.world.users.values() if not user.stranger]
    found, more = page(call, members, 1000)
    return {"members": [as_api(call, user) for user in found], "cache_ts": int(call.world.clock.now()), **more}


@method("users.lookupByEmail", "email")
def users_lookup_by_email(call: Call) -> Json:
    """One person by address."""
    wanted = call.required("email")
    for user in call.world.users.values():
        if user.email == wanted and not user.stranger and not user.bot:
            return {"user": as_api(call, user)}
    raise ApiError("users_not_found")
