"""Modals and the home tab."""

from __future__ import annotations

import hashlib
import json
from typing import Any, cast

from tests.servers.slackd.calls import ApiError, Call, method
from tests.servers.slackd.limits import check_view
from tests.servers.slackd.log import Json
from tests.servers.slackd.state import World

DEEPEST = 3


@method("views.open", "trigger_id interactivity_pointer view")
def views_open(call: Call) -> Json:
    """Show a modal to whoever's click the trigger is of."""
    user = _exchange(call)
    view = keep(call.world, user, check_view(call.structure("view", "invalid_arguments")))
    call.world.open_views[user] = [view["id"]]
    return {"view": view}


@method("views.push", "trigger_id interactivity_pointer view")
def views_push(call: Call) -> Json:
    """Show a modal on top of the one the trigger is of; three at most."""
    trigger = call.world.triggers.get(call.text("trigger_id"))
    user = _exchange(call)
    stack = call.world.open_views.get(user, [])
    if trigger is None or trigger.view_id is None or not stack:
        raise ApiError("invalid_trigger_id")
    if len(stack) >= DEEPEST:
        raise ApiError("push_limit_reached")
    view = keep(call.world, user, check_view(call.structure("view", "invalid_arguments")), below=stack[-1])
    stack.append(view["id"])
    return {"view": view}


@method("views.update", "view_id external_id view hash")
def views_update(call: Call) -> Json:
    """Replace an open modal, unless it was changed since ``hash``."""
    world = call.world
    found = _named(world, call.text("view_id"), call.text("external_id"))
    if found is None or found["id"] not in [each for stack in world.open_views.values() for each in stack]:
        raise ApiError("not_found")
    if call.text("hash") and call.text("hash") != found["hash"]:
        raise ApiError("hash_conflict")
    return {"view": replace(world, found, check_view(call.structure("view", "invalid_arguments")))}


@method("views.publish", "user_id view hash")
def views_publish(call: Call) -> Json:
    """Show the home tab to a person."""
    world = call.world
    user = call.required("user_id")
    if user not in world.users:
        raise ApiError("user_not_found")
    given = check_view(call.structure("view", "invalid_arguments"))
    if given.get("type") != "home":
        raise ApiError("invalid_arguments", "must be a home view [json-pointer:/view/type]")
    current = world.views.get(world.homes.get(user, ""))
    if current is not None:
        if call.text("hash") and call.text("hash") != current["hash"]:
            raise ApiError("hash_conflict")
        return {"view": replace(world, current, given)}
    view = keep(world, user, given)
    world.homes[user] = view["id"]
    return {"view": view}


def keep(world: World, user: str, given: Json, *, below: str | None = None) -> Json:
    """Store a new view and give it what Slack gives: id, hash, state."""
    external = str(given.get("external_id") or "")
    if external and _named(world, "", external) is not None:
        raise ApiError("duplicate_external_id")
    view: Json = {
        "id": world.ids.next("V"),
        "team_id": world.team_id,
        "type": given["type"],
        "private_metadata": "",
        "callback_id": "",
        "state": {"values": {}},
        "close": None,
        "submit": None,
        "clear_on_close": False,
        "notify_on_close": False,
        "previous_view_id": below,
        "app_id": world.app_id,
        "external_id": "",
        "app_installed_team_id": world.team_id,
        "bot_id": world.bot_id,
        "user_id": user,
    }
    view["root_view_id"] = world.views[below]["root_view_id"] if below else view["id"]
    world.views[view["id"]] = view
    return replace(world, view, given)


def replace(world: World, view: Json, given: Json) -> Json:
    """Put other contents into a view: a new hash, and of its state what still has a place."""
    view |= given
    view["blocks"] = world.add_missing_ids(cast("list[Json]", given["blocks"]))
    kept = {block["block_id"] for block in view["blocks"]}
    values = cast("Json", view["state"]["values"])
    view["state"] = {"values": {name: value for name, value in values.items() if name in kept}}
    body = json.dumps([given, world.ids.count("hash")], sort_keys=True).encode()
    view["hash"] = f"{int(world.clock.now())}.{hashlib.sha256(body).hexdigest()[:8]}"
    world.ledger.views[view["id"]] += 1
    world.touch()
    return view


def _exchange(call: Call) -> str:
    given = call.text("trigger_id")
    if not given:
        raise ApiError("invalid_arguments", "missing required field: trigger_id")
    trigger = call.world.triggers.get(given)
    if trigger is None:
        raise ApiError("invalid_trigger_id")
    if trigger.used:
        raise ApiError("exchanged_trigger_id")
    if call.world.clock.now() > trigger.expires:
        raise ApiError("expired_trigger_id")
    trigger.used = True
    return trigger.user


def _named(world: World, view_id: str, external_id: str) -> Json | None:
    if external_id:
        return next((each for each in world.views.values() if each.get("external_id") == external_id), None)
    found: Any = world.views.get(view_id)
    return found
