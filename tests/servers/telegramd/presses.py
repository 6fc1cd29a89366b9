"""What people press."""

from __future__ import annotations

import copy

from tests.servers.telegramd.core import ChatRef, Core, UserRef
from tests.servers.telegramd.keyboards import find_button
from tests.servers.telegramd.log import Json
from tests.servers.telegramd.shapes import chat_json, public, user_json
from tests.servers.telegramd.state import Chat, Query, User


class PressVerbs(Core):
    """Every press is told to the bot once, and waits for its answer."""

    async def press(self, user: UserRef, chat: ChatRef, message: int, button: str) -> str:
        """Press a button that is under the message now, by its label or its data; the number of the press.

        Raises:
            LookupError: there is no such message or button now, or it opens a page.
            PermissionError: this person does not see that message.
        """
        person, where = self.user(user), self.chat(chat)
        if not where.has(person.id):
            raise PermissionError(f"{person.first_name} is not in {where.title or where.id}")
        found = where.messages.get(message)
        if found is None:
            raise LookupError(f"no message {message} in {where.title or where.id}")
        pressed = find_button(found, button)
        if "callback_data" not in pressed:
            raise LookupError(f"button {button!r} tells the bot nothing: {pressed}")
        return self._tell(person, where, public(found), str(pressed["callback_data"]))

    async def press_raw(
        self, user: UserRef, chat: ChatRef, message: int, data: str, *, as_it_was: Json | None = None
    ) -> str:
        """Press what nobody could press: any data, under any message, of anybody, also one that is gone or was changed.

        ``as_it_was`` is the message as an old screen still shows it. One that is gone comes as Telegram sends it: without content.
        """
        person, where = self.user(user), self.chat(chat)
        found = as_it_was or where.messages.get(message)
        shown: Json = {"message_id": message, "chat": chat_json(self.world, where), "date": 0}
        return self._tell(person, where, public(found) if found else shown, data)

    def answer(self, query: str) -> Json | None:
        """What the person saw in answer to a press: ``text``, ``alert``, ``at``; None while nobody answered."""
        return self.world.queries[query].answer

    def answers(self) -> list[Json]:
        """All answers, in the order of the presses."""
        return [query.answer for query in self.world.queries.values() if query.answer is not None]

    def unanswered(self) -> list[Query]:
        """Presses that were never answered: in front of these people a button still spins."""
        return [query for query in self.world.queries.values() if query.answer is None]

    def _tell(self, person: User, where: Chat, message: Json, data: str) -> str:
        world = self.world
        number = str(4_700_000_000_000_000_000 + world.count("query"))
        world.queries[number] = Query(id=number, user=person.id, data=data, at=world.clock.now())
        content: Json = {"id": number, "from": user_json(person), "message": copy.deepcopy(message)}
        content |= {"chat_instance": str(-1_000_000_007 * abs(where.id)), "data": data}
        person.met = True
        self.updates.emit("callback_query", content)
        world.touch()
        return number
