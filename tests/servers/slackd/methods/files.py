"""Uploads: ask for an address, send the bytes there, complete."""

from __future__ import annotations

from typing import Any, cast

from tests.servers.slackd.calls import ApiError, Call, method
from tests.servers.slackd.limits import check_blocks
from tests.servers.slackd.log import Json
from tests.servers.slackd.methods.chat import author_of, post, thread_of
from tests.servers.slackd.state import StoredFile, World

LARGEST = 1_000_000_000


def as_api(world: World, file: StoredFile) -> Json:
    """A file object."""
    kind = file.name.rpartition(".")[2] if "." in file.name else "text"
    return {
        "id": file.id,
        "created": file.created,
        "timestamp": file.created,
        "name": file.name,
        "title": file.title or file.name,
        "mimetype": "text/plain",
        "filetype": kind,
        "pretty_type": kind.upper(),
        "user": file.user,
        "size": file.length,
        "mode": "hosted",
        "is_external": False,
        "is_public": any(world.channels[each].kind == "channel" for each in file.channels),
        "url_private": f"{world.base_url}/files/{file.id}",
        "url_private_download": f"{world.base_url}/files/{file.id}",
        "permalink": f"https://{world.domain}.slack.com/files/{file.user}/{file.id}/{file.name}",
        "channels": list(file.channels),
    }


@method("files.getUploadURLExternal", "filename length alt_txt snippet_type")
def files_get_upload_url_external(call: Call) -> Json:
    """Where to send the bytes of a file of so many bytes."""
    length = call.number("length", 0)
    if length <= 0:
        raise ApiError("invalid_arguments", "missing required field: length")
    if length > LARGEST:
        raise ApiError("file_too_large")
    file = StoredFile(
        id=call.world.ids.next("F"), name=call.required("filename"), length=length, user=call.world.bot_user_id
    )
    file.created = int(call.world.clock.now())
    call.world.files[file.id] = file
    return {"upload_url": f"{call.world.base_url}/upload/v1/{file.id}", "file_id": file.id}


@method("files.completeUploadExternal", "files channel_id channels initial_comment thread_ts blocks")
def files_complete_upload_external(call: Call) -> Json:
    """Publish what was sent: a message with the files, when a channel is named."""
    given: Any = call.structure("files", "invalid_arguments")
    if not isinstance(given, list) or not given:
        raise ApiError("invalid_arguments", "missing required field: files")
    files = [_sent(call, cast("Json", each)) for each in cast("list[Any]", given)]
    wanted = [each for each in call.text("channels", call.text("channel_id")).split(",") if each]
    for name in wanted:
        call.args["channel_id"] = name
        channel = call.channel("channel_id", writing=True)
        thread = thread_of(call, channel)
        for file in files:
            file.channels.append(channel.id)
        message = author_of(call) | {"subtype": "file_share", "text": call.text("initial_comment"), "upload": True}
        message["files"] = [as_api(call.world, file) for file in files]
        blocks = call.blocks()
        if blocks is not None:
            check_blocks(blocks)
            message["blocks"] = call.world.add_missing_ids(blocks)
        if thread is not None:
            message |= {"thread_ts": thread["ts"], "parent_user_id": thread.get("user", "")}
        post(call, channel, message)
    for file in files:
        file.complete = True
        call.world.ledger.uploads[file.id] += 1
    return {"files": [as_api(call.world, file) for file in files]}


@method("files.info", "file count cursor limit page")
def files_info(call: Call) -> Json:
    """One file."""
    file = call.world.files.get(call.required("file"))
    if file is None or not file.complete:
        raise ApiError("file_not_found")
    return {"file": as_api(call.world, file), "comments": [], "response_metadata": {"next_cursor": ""}}


@method("files.delete", "file")
def files_delete(call: Call) -> Json:
    """Delete a file."""
    if call.world.files.pop(call.required("file"), None) is None:
        raise ApiError("file_not_found")
    return {}


def _sent(call: Call, item: Json) -> StoredFile:
    file = call.world.files.get(str(item.get("id")))
    if file is None:
        raise ApiError("file_not_found")
    if not file.content:
        raise ApiError("file_upload_size_mismatch")
    file.title = str(item.get("title") or file.name)
    return file
