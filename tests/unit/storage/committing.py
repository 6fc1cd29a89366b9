"""A process that commits a dozen units, one after another, and says which of them it was told had won."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from storage.writer import Writer
from storage.writes import Write

INSERT = "INSERT INTO things (id, value) VALUES (:id, :value)"


async def main(path: Path) -> None:
    """Commit with the product's own durability."""
    writer = Writer(path)
    writer.generation = 1
    writer.open()
    for number in range(12):
        if await writer.commit([Write(INSERT, {"id": f"w{number}", "value": "x" * 3_000}, 1)]):
            print(f"w{number}", flush=True)
    writer.close()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
