"""Who the app is, and the door to Socket Mode."""

from __future__ import annotations

from tests.servers.slackd.calls import ApiError, Call, method
from tests.servers.slackd.limits import block_problems, check_view
from tests.servers.slackd.log import Json


@method("auth.test")
def auth_test(call: Call) -> Json:
    """Who the token is for. Its scopes are in the header ``x-oauth-scopes``, as with every call."""
    world = call.world
    return {
        "url": f"https://{world.domain}.slack.com/",
        "team": world.team_name,
        "user": world.users[world.bot_user_id].name,
        "team_id": world.team_id,
        "user_id": world.bot_user_id,
        "bot_id": world.bot_id,
        "is_enterprise_install": False,
    }


@method("auth.revoke", "test")
def auth_revoke(call: Call) -> Json:
    """End the bot's token, unless it is a test."""
    if not call.flag("test"):
        call.world.tokens.dead[call.world.tokens.bot] = "token_revoked"
    return {"revoked": not call.flag("test")}


@method("bots.info", "bot team_id")
def bots_info(call: Call) -> Json:
    """The bot behind a bot id."""
    world = call.world
    if call.text("bot", world.bot_id) != world.bot_id:
        raise ApiError("bot_not_found")
    return {
        "bot": {
            "id": world.bot_id,
            "deleted": False,
            "name": world.manifest.name,
            "updated": int(world.clock.now()),
            "app_id": world.app_id,
            "user_id": world.bot_user_id,
            "icons": {"image_36": "", "image_48": "", "image_72": ""},
        }
    }


@method("team.info", "team domain include_slackbot_availability")
def team_info(call: Call) -> Json:
    """The workspace."""
    world = call.world
    if call.text("team", world.team_id) != world.team_id:
        raise ApiError("team_not_found")
    return {
        "team": {
            "id": world.team_id,
            "name": world.team_name,
            "domain": world.domain,
            "email_domain": "",
            "icon": {"image_default": True},
        }
    }


@method("apps.connections.open", token="app")
def apps_connections_open(call: Call) -> Json:
    """A web socket's address, good for one connection."""
    world = call.world
    if not world.manifest.socket_mode:
        raise ApiError("socket_mode_not_enabled")
    ticket = f"ticket-{world.ids.count('ticket'):08d}"
    world.tickets.add(ticket)
    base = world.base_url.replace("http://", "ws://")
    return {"url": f"{base}/link/?ticket={ticket}&app_id={world.app_id}"}


@method("blocks.validate", "blocks message view")
def blocks_validate(call: Call) -> Json:
    """Whether Block Kit takes it."""
    blocks = call.blocks()
    problems = block_problems(blocks, "message") if blocks is not None else []
    if problems:
        raise ApiError("invalid_blocks", *problems)
    view = call.structure("view", "invalid_arguments")
    if view is not None:
        check_view(view)
    return {}


@method("oauth.v2.access", "client_id client_secret code redirect_uri grant_type refresh_token", token="none")
def oauth_v2_access(call: Call) -> Json:
    """Trade the code of an installation for the bot's token. Codes are ``code-1``, ``code-2`` …, each once."""
    world = call.world
    code = call.text("code")
    if not code.startswith("code-") or code in world.spent:
        raise ApiError("invalid_code")
    world.spent.add(code)
    return {
        "access_token": world.tokens.bot,
        "token_type": "bot",
        "scope": ",".join(world.granted),
        "bot_user_id": world.bot_user_id,
        "app_id": world.app_id,
        "team": {"id": world.team_id, "name": world.team_name},
        "enterprise": None,
        "authed_user": {"id": next(iter(world.users))},
        "is_enterprise_install": False,
    }
