"""Something a person does while an effect is under way: the courier keeps it until they have done it."""

from __future__ import annotations

from abc import abstractmethod

from tests.laboratory.sweeps.courier_story import CourierStory, Scene
from tests.servers.courier import Fault


class Holding(CourierStory):
    """``one`` is held, in every process, until the person has acted; the courier knows keys, so that late is no second time."""

    faults = (Fault(kind="hold", service="keyed", parcel="one", times=-1),)

    async def act(self, scene: Scene) -> None:
        """Act once it is under way, then let it go."""
        if await self.meanwhile(scene):
            scene.courier.release()

    @abstractmethod
    async def meanwhile(self, scene: Scene) -> bool:
        """What is done while ``one`` is under way; True once it is done, as far as the person sees."""
