"""Finds people in the person's address book."""

from __future__ import annotations

from pydantic import BaseModel

from engine.agents.inputs import ContactSearchInputs
from engine.agents.quoting import one_line
from engine.agents.typed_inputs import typed
from engine.agents.wording import wording
from engine.domain.agent import AgentSpec
from engine.domain.artifact import Contacts
from engine.domain.effect import Effect
from engine.errors import RequestError
from engine.ports.agents import StepContext
from engine.ports.contacts import ContactBook

_SPEC = AgentSpec(
    name="ContactSearchAgent",
    version="1",
    skill=(
        "Finds people in the address book by name, in Hebrew or Latin letters, with address, phone and role (אנשי קשר,"
        " כתובת, טלפון)."
    ),
    inputs=ContactSearchInputs,
    output="contacts",
    effect=Effect.READ,
    early=True,
)


class ContactSearchAgent:
    """Gives every candidate; who is meant is for a person to pick, where one is needed."""

    def __init__(self, contacts: ContactBook) -> None:
        self._contacts = contacts

    @property
    def spec(self) -> AgentSpec:
        """A reader; ``contacts``."""
        return _SPEC

    async def run(self, inputs: BaseModel, context: StepContext) -> Contacts:
        """Look the name up.

        Raises:
            RequestError: ``contact_not_found``: nobody fits; parameter ``name``.
        """
        name = one_line(typed(inputs, ContactSearchInputs).name, 200)
        await context.progress(wording(context.request.locale).searching.format(what=name))
        found = await self._contacts.find(name) if name else Contacts(query=name)
        if not found.items:
            detail = (
                f"Nobody called {name!r} is in the address book; add the person to contacts.vcf or use another name."
            )
            raise RequestError("contact_not_found", detail, {"name": name})
        return found
