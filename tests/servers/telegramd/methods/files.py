"""Documents."""

from __future__ import annotations

from tests.servers.telegramd import access
from tests.servers.telegramd.calls import Call, method
from tests.servers.telegramd.keyboards import markup_of
from tests.servers.telegramd.log import Json
from tests.servers.telegramd.methods.messages import LONGEST_CAPTION, MANNER, PLACE, Shown, formatted, send
from tests.servers.telegramd.refusals import ApiError, bad_request
from tests.servers.telegramd.state import StoredFile, World
from tests.servers.telegramd.texts import units

MOST_BYTES = 50 * 1024 * 1024


@method(
    "sendDocument",
    f"{PLACE} {MANNER} document thumbnail caption parse_mode caption_entities disable_content_type_detection",
)
def send_document(call: Call) -> Json:
    """Write a message with a file."""
    text = formatted(call, "caption", "caption_entities", call.text("parse_mode"))
    keyboard = markup_of(call)
    file = _document(call)
    chat = access.writable(call)
    if units(text.text) > LONGEST_CAPTION:
        raise bad_request("message caption is too long")
    content: Json = {"caption": text.text} if text.text else {}
    if text.entities:
        content["caption_entities"] = list(text.entities)
    shown = Shown(content=content, text=text, keyboard=keyboard)
    sent = send(call, chat, shown, document=document_json(file), _file=file.content)
    call.world.files[file.id] = file
    call.world.ledger.files[chat.id, int(sent["message_id"])] = file.name
    return sent


def new_file(world: World, name: str, mime: str, content: bytes) -> StoredFile:
    """A file with an id of its own; not kept yet."""
    number = world.count("file")
    return StoredFile(id=f"BQACAgIAAxkBAAM{number:08x}AAJ", name=name, mime=mime, content=content)


def document_json(file: StoredFile) -> Json:
    """A file as in messages."""
    unique = f"AgAD{file.id[-11:-3]}"
    found: Json = {"file_id": file.id, "file_unique_id": unique, "file_size": len(file.content)}
    return found | {"file_name": file.name, "mime_type": file.mime}


def _document(call: Call) -> StoredFile:
    given = call.text("document")
    upload = call.uploads.get(given.removeprefix("attach://") if given.startswith("attach://") else "document")
    if upload is None and given in call.world.files:
        return call.world.files[given]
    if upload is None and not given:
        raise bad_request("there is no document in the request")
    if upload is None:
        raise bad_request("wrong remote file identifier specified: can't unserialize it. Wrong last symbol")
    if not upload.content:
        raise bad_request("file must be non-empty")
    if len(upload.content) > MOST_BYTES:
        raise ApiError(413, "Request Entity Too Large")
    return new_file(call.world, _clean(upload.name), upload.mime, upload.content)


def _clean(name: str) -> str:
    """A name without folders, as it is kept."""
    return name.replace("\\", "/").rpartition("/")[2] or "file"
