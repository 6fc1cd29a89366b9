"""What an execution shows, posted in Telegram, edited, continued elsewhere, and no faster than Telegram takes it."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from datetime import timedelta

import pytest

from bot.messenger import MessageGoneError, Urgency
from bot.render.texts import Texts
from bot.telegram.address import message_ref
from engine.domain.json import JsonValue
from engine.errors import AuthExpiredError, RefusedError, UnavailableError
from tests.servers.telegramd import Fault
from tests.surfaces.telegram.scene import BOLD, KEYS, Scene, asked, file, logged, picture

AGAIN = Texts("en").say("telegram_out.again")
MOVED = Texts("en").say("telegram_out.moved")
MOVED_TOPIC = Texts("en").say("telegram_out.moved_topic")


@pytest.fixture
async def scene() -> AsyncGenerator[Scene]:
    async with asked() as scene:
        yield scene


# Posting and editing.


async def test_in_a_group_a_message_answers_the_one_that_began_it_and_is_edited_there(scene: Scene) -> None:
    ref = await scene.post(scene.place, picture("one", entities=BOLD, keyboard=KEYS))
    assert scene.message(ref)["reply_to_message"]["message_id"] == scene.root
    assert [entity["type"] for entity in scene.message(ref)["entities"]] == ["bold"]
    await scene.edit(scene.place, ref, picture("two", keyboard=KEYS))
    assert scene.texts() == ["two"]
    assert len(scene.message(ref)["reply_markup"]["inline_keyboard"][0]) == 2
    await scene.edit(scene.place, ref, picture("three"))
    assert "reply_markup" not in scene.message(ref), "buttons that mean nothing any more are taken away"


async def test_in_a_topic_it_stays_in_the_topic_and_in_general_it_names_none(scene: Scene) -> None:
    forum = scene.telegram.add_forum("Forum", members=[scene.telegram.dana])
    topic = await scene.telegram.create_topic(forum, "Plans")
    root = await scene.telegram.say(scene.telegram.dana, forum, "do it", topic=topic)
    await scene.post(scene.place_of(forum, root, topic=topic), picture("in it"))
    general = await scene.telegram.say(scene.telegram.dana, forum, "do it")
    await scene.post(scene.place_of(forum, general), picture("beside it"))
    assert [m["text"] for m in scene.telegram.sent(forum, topic=topic)] == ["in it"]
    assert [m["text"] for m in scene.telegram.sent(forum, topic=0)] == ["beside it"]


async def test_in_private_the_card_answers_nothing_and_what_is_said_below_it_answers_the_card(scene: Scene) -> None:
    card = await scene.post(scene.private, picture("card"))
    reply = await scene.post(scene.private, picture("question", "approval:a"))
    assert "reply_to_message" not in scene.message(card)
    assert scene.message(reply)["reply_to_message"]["message_id"] == message_ref(card).message
    async with scene.restarted() as messenger:
        scene.clock.advance(timedelta(seconds=5))
        late = await messenger.post(scene.private, picture("final", "final"), scene.key("final"))
        assert "reply_to_message" not in scene.message(late), "the card is not known any more"
        scene.clock.advance(timedelta(seconds=5))
        await messenger.edit(scene.private, card, picture("card, done"))
        scene.clock.advance(timedelta(seconds=5))
        more = await messenger.post(scene.private, picture("more", "remind:a"), scene.key("remind:a"))
        assert scene.message(more)["reply_to_message"]["message_id"] == message_ref(card).message, "known by its edit"


async def test_what_a_person_waits_for_notifies_and_what_only_follows_does_not(scene: Scene) -> None:
    said = [
        picture("card", "card", Urgency.OPEN),
        picture("question", "approval:a", Urgency.NOTIFY),
        picture("asked already", "approval:b", Urgency.SETTLE),
        picture("reminder", "remind:a", Urgency.NOTIFY),
        picture("end", "final", Urgency.NOTIFY),
        picture("its second part", "final:2", Urgency.NOTIFY),
        file(),
        picture("the card once more", "card", Urgency.SETTLE),
    ]
    for one in said:
        await scene.post(scene.place, one)
    calls = [*scene.telegram.log.calls("sendMessage"), *scene.telegram.log.calls("sendDocument")]
    silent = {
        str(call.params.get("text") or call.params.get("caption"))
        for call in calls
        if call.params.get("disable_notification")
    }
    assert silent == {"asked already", "its second part", "The whole result", "the card once more"}


async def test_a_state_that_is_shown_already_is_fine(scene: Scene) -> None:
    ref = await scene.post(scene.place, picture("one"))
    await scene.edit(scene.place, ref, picture("one"))
    assert scene.telegram.log.calls("editMessageText")[-1].status == 400


async def test_what_it_answers_being_gone_it_is_said_all_the_same(scene: Scene) -> None:
    await scene.telegram.delete(scene.group, scene.root)
    await scene.post(scene.place, picture("one"))
    scene.telegram.faults.next("sendMessage", Fault.error(400, "Bad Request: message to be replied not found"))
    await scene.post(scene.place, picture("two"))
    assert scene.texts() == ["one", "two"]


# Nobody knows whether it was sent.


@pytest.mark.parametrize(
    "fault",
    [Fault.reset_after_commit(), Fault.bad_gateway(committed=True), Fault.garbage(committed=True), Fault.server_error()],
    ids=["reset", "page", "half", "500"],
)  # fmt: skip
async def test_what_may_have_been_sent_is_not_said_to_have_been_or_not(scene: Scene, fault: Fault) -> None:
    scene.telegram.faults.next("sendMessage", fault)
    with pytest.raises(UnavailableError) as failed:
        await scene.post(scene.place, picture("one"))
    assert failed.value.retry_after is None
    assert not scene.messenger.finds
    assert await scene.messenger.find(scene.place, scene.key(), None) is None


async def test_what_is_sent_once_more_says_so_in_every_state(scene: Scene) -> None:
    ref = await scene.post(
        scene.place, picture("😀 one", entities=[{"type": "bold", "offset": 3, "length": 3}]), again=True
    )
    await scene.edit(scene.place, ref, picture("two", entities=BOLD))
    states = scene.telegram.ledger.states(scene.group.id, message_ref(ref).message)
    assert [state.text for state in states] == [f"{AGAIN}\n\n😀 one", f"{AGAIN}\n\ntwo"]
    for state, bold in zip(states, ("one", "two"), strict=True):
        (entity,) = state.entities
        start = 2 * entity["offset"]
        assert state.text.encode("utf-16-le")[start : start + 2 * entity["length"]].decode("utf-16-le") == bold
    hebrew = await scene.post(scene.place, picture("אחת", "final", locale="he"), again=True)
    assert scene.message(hebrew)["text"].startswith(Texts("he").say("telegram_out.again"))


async def test_a_line_above_a_text_that_fills_its_message_is_not_what_is_cut(scene: Scene) -> None:
    ref = await scene.post(scene.place, picture("x" * 4_096), again=True)
    text = scene.message(ref)["text"]
    assert text.startswith(AGAIN)
    assert text.endswith("…")


async def test_what_nobody_listens_to_was_not_sent(scene: Scene) -> None:
    await scene.telegram.down()
    with pytest.raises(UnavailableError) as failed:
        await scene.post(scene.place, picture("one"))
    assert failed.value.retry_after == timedelta(seconds=1)
    await scene.telegram.up()
    scene.clock.advance(timedelta(seconds=1))
    await scene.post(scene.place, picture("one"))
    assert scene.texts() == ["one"]


# Limits.


async def test_a_429_halts_that_chat_alone_and_nothing_is_asked_until_it_ends(scene: Scene) -> None:
    ref = await scene.post(scene.place, picture("one"))
    scene.telegram.faults.next("editMessageText", Fault.flood(120))
    with pytest.raises(UnavailableError) as failed:
        await scene.edit(scene.place, ref, picture("two"))
    assert failed.value.retry_after == timedelta(seconds=120)
    for urgency in Urgency:
        assert scene.messenger.wait(scene.place, ref, urgency) == timedelta(seconds=120)
        assert scene.messenger.wait(scene.place, None, urgency) == timedelta(seconds=120)
        assert scene.messenger.wait(scene.private, None, urgency) == timedelta(0), "another chat"
    calls = len(scene.telegram.log.calls())
    with pytest.raises(UnavailableError) as failed:
        await scene.messenger.post(scene.place, picture("three", "final"), scene.key("final"))
    assert failed.value.retry_after == timedelta(seconds=120)
    assert len(scene.telegram.log.calls()) == calls, "Telegram is not even asked"
    await scene.post(scene.private, picture("elsewhere"))
    scene.clock.advance(timedelta(seconds=121))
    await scene.edit(scene.place, ref, picture("two"))
    assert scene.texts() == ["two"]
    assert scene.telegram.gate.ignored == 0


async def test_a_sender_that_does_not_wait_is_told_to_and_telegram_is_not_asked(scene: Scene) -> None:
    ref = await scene.post(scene.private, picture("one"))
    calls = len(scene.telegram.log.calls())
    for call in (
        scene.messenger.edit(scene.private, ref, picture("two")),
        scene.messenger.post(scene.private, picture("end", "final"), scene.key("final")),
    ):
        with pytest.raises(UnavailableError) as failed:
            await call
        assert failed.value.retry_after == timedelta(seconds=1.05)
    assert len(scene.telegram.log.calls()) == calls


async def test_telegram_never_has_to_say_429_to_a_sender_that_waits_as_told(scene: Scene) -> None:
    ref = await scene.post(scene.place, picture("0"))
    mine = await scene.post(scene.private, picture("0"))
    for n in range(1, 60):
        await scene.edit(scene.place, ref, picture(f"{n}", urgency=list(Urgency)[n % 4]))
        await scene.post(scene.place, picture(f"post {n}", f"approval:{n}"))
        await scene.edit(scene.private, mine, picture(f"{n}"))
    assert scene.telegram.log.refused(429) == []
    assert scene.telegram.log.per_minute(scene.group.id) <= 20


async def test_edits_of_one_chat_share_a_lane(scene: Scene) -> None:
    other = scene.place_of(scene.group, 99)
    assert scene.messenger.lane(scene.place) == scene.messenger.lane(other)
    assert scene.messenger.lane(scene.place) != scene.messenger.lane(scene.private)


async def test_a_lane_is_never_said_to_be_blocked_for_longer_than_any_message_of_it(scene: Scene) -> None:
    refs = [await scene.post(scene.place, picture(f"{n}", f"approval:{n}")) for n in range(18)]
    for ref in (None, *refs):
        edit = ref is not None
        waits = [scene.messenger.wait(scene.place, ref, urgency) for urgency in Urgency]
        assert scene.messenger.blocked(scene.place, edit=edit) <= min(waits)
    scene.telegram.faults.next("sendMessage", Fault.flood(30), chat=scene.group.id)
    with pytest.raises(UnavailableError):
        await scene.post(scene.place, picture("end", "final"))
    assert scene.messenger.blocked(scene.place, edit=True) == timedelta(seconds=30)
    assert scene.messenger.blocked(scene.private, edit=True) == timedelta(0)


# Messages that are gone.


async def test_a_message_somebody_deleted_is_gone(scene: Scene) -> None:
    ref = await scene.post(scene.place, picture("one"))
    await scene.telegram.delete(scene.group, message_ref(ref).message)
    with pytest.raises(MessageGoneError):
        await scene.edit(scene.place, ref, picture("two"))


async def test_who_does_not_know_us_any_more_is_told_apart_from_everything_else(scene: Scene) -> None:
    ref = await scene.post(scene.place, picture("one"))
    scene.telegram.revoke_token()
    with pytest.raises(AuthExpiredError):
        await scene.post(scene.place, picture("two", "final"))
    with pytest.raises(AuthExpiredError):
        await scene.edit(scene.place, ref, picture("two"))


# Drawings Telegram does not take.


UNFIT: JsonValue = [{"type": "bold", "offset": 2, "length": 50}]
TOO_MUCH: JsonValue = [[{"text": "Approve", "data": "x" * 65}]]


@pytest.mark.parametrize(
    ("entities", "keyboard", "tries"),
    [(UNFIT, KEYS, 2), (BOLD, TOO_MUCH, 2), (UNFIT, TOO_MUCH, 3)],
    ids=["entities", "keyboard", "both"],
)
async def test_words_get_through_whatever_of_their_drawing_is_refused(
    scene: Scene, entities: JsonValue, keyboard: JsonValue, tries: int
) -> None:
    with logged("ERROR") as lines:
        ref = await scene.post(scene.place, picture("one", entities=entities, keyboard=keyboard))
        assert len(lines) == tries - 1, "each is our bug"
    assert scene.message(ref)["text"] == "one"
    assert ("entities" in scene.message(ref)) == (entities is BOLD)
    assert ("reply_markup" in scene.message(ref)) == (keyboard is KEYS)
    await scene.edit(scene.place, ref, picture("two", entities=entities, keyboard=keyboard))
    assert scene.texts() == ["two"]


async def test_words_get_through_where_telegram_says_a_word_of_next_year(scene: Scene) -> None:
    odd = Fault.error(400, "Bad Request: A_WORD_OF_NEXT_YEAR")
    scene.telegram.faults.next("sendMessage", odd, times=2)
    ref = await scene.post(scene.place, picture("one", entities=BOLD, keyboard=KEYS))
    assert scene.message(ref)["text"] == "one"
    scene.telegram.faults.next("sendMessage", odd, times=3)
    with pytest.raises(RefusedError):
        await scene.post(scene.place, picture("two", entities=BOLD, keyboard=KEYS))


async def test_what_is_too_long_for_telegram_though_not_for_us_is_shortened(scene: Scene) -> None:
    scene.telegram.faults.next("sendMessage", Fault.error(400, "Bad Request: message is too long"))
    ref = await scene.post(scene.place, picture("x" * 3_000, keyboard=KEYS))
    assert len(scene.message(ref)["text"]) <= 1_000
    assert "reply_markup" in scene.message(ref)


# Files.


async def test_a_long_result_is_attached_and_stays_as_it_is(scene: Scene) -> None:
    ref = await scene.post(scene.place, file())
    await scene.edit(scene.place, ref, file("another"))
    message = scene.message(ref)
    assert (message["document"]["file_name"], message["caption"]) == ("result.md", "The whole result")
    assert scene.telegram.file(message) == b"all of it"
    assert scene.telegram.log.calls("editMessageText") == []


async def test_a_file_that_may_be_there_twice_says_so(scene: Scene) -> None:
    ref = await scene.post(scene.place, file(), again=True)
    assert scene.message(ref)["caption"] == f"{AGAIN}\n\nThe whole result"


async def test_where_files_are_not_taken_a_message_says_so(scene: Scene) -> None:
    refused = Fault.error(400, "Bad Request: not enough rights to send documents to the chat")
    scene.telegram.faults.next("sendDocument", refused)
    ref = await scene.post(scene.place, file())
    assert scene.message(ref)["text"].startswith("The whole result\n")
    assert "no_rights" in scene.message(ref)["text"]
