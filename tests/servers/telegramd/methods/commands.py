"""The menu of commands people are offered, by scope and language."""

from __future__ import annotations

import json
import re
from typing import Any, cast

from tests.servers.telegramd.access import find_chat
from tests.servers.telegramd.calls import Call, method
from tests.servers.telegramd.log import Json
from tests.servers.telegramd.refusals import bad_request
from tests.servers.telegramd.state import Chat, User, World

MOST = 100
_NAME = re.compile(r"[a-z0-9_]{1,32}")
_LANGUAGE = re.compile(r"([a-z]{2})?")
_BROAD = ("default", "all_private_chats", "all_group_chats", "all_chat_administrators")
_NARROW = ("chat", "chat_administrators", "chat_member")


@method("setMyCommands", "commands scope language_code")
def set_my_commands(call: Call) -> bool:
    """Offer these commands to whoever the scope names."""
    given = call.items("commands", "can't parse commands JSON object")
    commands = [_command(each) for each in given]
    if len(commands) > MOST:
        raise bad_request("BOT_COMMANDS_TOO_MUCH")
    key = _key(call)
    if commands:
        call.world.commands[key] = commands
    else:
        call.world.commands.pop(key, None)
    call.entry.committed = True
    call.world.touch()
    return True


@method("getMyCommands", "scope language_code")
def get_my_commands(call: Call) -> list[Json]:
    """What is offered under exactly this scope and language."""
    return call.world.commands.get(_key(call), [])


@method("deleteMyCommands", "scope language_code")
def delete_my_commands(call: Call) -> bool:
    """Offer nothing there: people see the next broader scope again."""
    call.world.commands.pop(_key(call), None)
    call.entry.committed = True
    call.world.touch()
    return True


def menu_of(world: World, user: User, chat: Chat) -> list[Json]:
    """What one person is offered in one chat: the narrowest scope that has any, in the person's language first."""
    for scope in _scopes(user, chat):
        for language in (user.language_code[:2], ""):
            found = world.commands.get((scope, language))
            if found:
                return found
    return []


def _scopes(user: User, chat: Chat) -> list[str]:
    here = {"chat_id": str(chat.id)}
    scopes: list[Json] = []
    if chat.type != "private":
        scopes.append({"type": "chat_member", **here, "user_id": user.id})
        if chat.is_admin(user.id):
            scopes.append({"type": "chat_administrators", **here})
    scopes.append({"type": "chat", **here})
    if chat.type != "private" and chat.is_admin(user.id):
        scopes.append({"type": "all_chat_administrators"})
    scopes.append({"type": "all_private_chats" if chat.type == "private" else "all_group_chats"})
    scopes.append({"type": "default"})
    return [json.dumps(scope, sort_keys=True) for scope in scopes]


def _command(given: Any) -> Json:
    if not isinstance(given, dict):
        raise bad_request("can't parse BotCommand: expected an Object")
    command = cast("Json", given)
    for name in ("command", "description"):
        if not isinstance(command.get(name), str):
            raise bad_request(f"can't parse BotCommand: Can't find field \"{name}\"")
    name = str(command["command"]).removeprefix("/")
    if not _NAME.fullmatch(name):
        raise bad_request("BOT_COMMAND_INVALID")
    if not 1 <= len(str(command["description"]).strip()) <= 256:
        raise bad_request("BOT_COMMAND_DESCRIPTION_INVALID")
    return {"command": name, "description": str(command["description"]).strip()}


def _key(call: Call) -> tuple[str, str]:
    language = call.text("language_code")
    if not _LANGUAGE.fullmatch(language):
        raise bad_request("language code is invalid")
    return _scope(call), language


def _scope(call: Call) -> str:
    given = call.structure("scope", "can't parse BotCommandScope JSON object")
    if given is None:
        return json.dumps({"type": "default"})
    if not isinstance(given, dict):
        raise bad_request("can't parse BotCommandScope: BotCommandScope must be an Object")
    scope = cast("Json", given)
    kind = scope.get("type")
    if kind not in (*_BROAD, *_NARROW):
        raise bad_request("can't parse BotCommandScope: Unsupported type specified")
    if kind in _BROAD:
        return json.dumps({"type": kind})
    chat = find_chat(call.world, str(scope.get("chat_id", "")))
    if not scope.get("chat_id"):
        raise bad_request("can't parse BotCommandScope: Empty chat_id specified")
    if chat is None:
        raise bad_request("chat not found")
    if kind != "chat" and chat.type == "private":
        raise bad_request("can't change commands for administrators and members of private chats")
    found: Json = {"type": kind, "chat_id": str(chat.id)}
    if kind == "chat_member":
        found["user_id"] = int(scope.get("user_id") or 0)
    return json.dumps(found, sort_keys=True)
