"""Why something was not done, in words for the person who wanted it, on whichever surface."""

from __future__ import annotations

from datetime import datetime

from bot.render.texts import Texts
from engine.domain.ids import PrincipalId
from engine.errors import ConflictError, NotAllowedError, NotFoundError, RequestError, TizmorError
from engine.ports.people import People


class Refusals:
    """Words for errors of the door.

    Args:
        people: what to call whoever was first.
    """

    def __init__(self, people: People) -> None:
        self._people = people

    async def words(self, error: TizmorError, texts: Texts) -> str:
        """One sentence; the second one to decide learns who was first.

        Raises:
            UnavailableError: storage is away.
        """
        match error:
            case ConflictError(code="already_decided"):
                return await self._decided_before(error, texts)
            case ConflictError(code="approval_expired"):
                return texts.say("conversation.expired")
            case ConflictError(code="form_too_old"):
                return texts.say("conversation.form_too_old")
            case RequestError(code="button_unknown" | "choice_unknown"):
                return texts.say("conversation.unknown_button")
            case NotFoundError(code="step_unknown"):  # it was there when its button was drawn
                return texts.error("step_replaced")
            case NotFoundError(code="version_unknown"):
                return texts.error(error.code)
            case ConflictError(code="plan_empty"):  # its own words are about a plan of which nothing is left
                return texts.say("chat.form.plan_stays")
            case NotFoundError() | NotAllowedError():
                return texts.say("conversation.not_yours")
            case _:
                return texts.error(error.code)

    async def _decided_before(self, error: ConflictError, texts: Texts) -> str:
        who, status = error.parameters.get("who", ""), error.parameters.get("status", "")
        told = texts.say(f"conversation.approval_status.{status or 'superseded'}")
        if status == "expired":
            return texts.say("conversation.expired")
        if not who:
            return texts.say("conversation.already_closed", status=told)
        when = error.parameters.get("when", "")
        moment = texts.moment(datetime.fromisoformat(when)) if when else ""
        if error.parameters.get("own"):  # nobody else was first: they answered it themselves, perhaps in another chat
            return texts.say("linking.own_decision", status=told, when=moment)
        names = await self._people.names([PrincipalId(who)])
        return texts.say("conversation.already_by", who=names.get(PrincipalId(who), who), status=told, when=moment)
