"""A fork server: starts products as forked processes on behalf of a world that runs an event loop in a process of its own.

Everything is imported once, nothing is forked while an event loop runs, and who asked for a process is told when it serves and
when it is dead (by its pidfd) without looking again and again.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from loguru import logger

from bot.serve import serve, until_stopped
from bot.settings import Settings
from engine.registry.extension import NOTHING_MORE, Extension
from tests.laboratory.agents import courier_extension
from tests.laboratory.children import leave, reaped


def run_world(world: Callable[[Forks], None]) -> int:
    """Run ``world`` in a forked process and start products for it until it ends; its exit code."""
    ours, theirs = socket.socketpair()
    heard, told = os.pipe()
    pid = os.fork()
    if pid == 0:
        ours.close()
        os.close(told)
        leave(lambda: world(Forks(theirs, heard)))
    theirs.close()
    os.close(heard)
    with ours, ours.makefile("r", encoding="utf-8") as orders:
        _serve_orders(ours, orders, told)
    return reaped(pid)


def _serve_orders(ours: socket.socket, orders: IO[str], told: int) -> None:
    """``{"start": settings, "known": event, "courier": url, "errors": path}`` is answered by a process id, ``{"reap": id}`` by how it ended."""
    alive: set[int] = set()
    for line in orders:
        order: dict[str, Any] = json.loads(line)
        if "reap" in order:
            alive.discard(order["reap"])
            answer = reaped(order["reap"])
        else:
            answer = os.fork()
            if answer == 0:
                ours.close()
                leave(lambda o=order: _product(o, told))
            alive.add(answer)
        ours.sendall(f"{answer}\n".encode())
    for pid in alive:  # the world broke
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)


def _product(order: dict[str, Any], told: int) -> None:
    """The product with these settings; says where it serves once it also listens to its chat, if it has one."""
    logger.remove()
    logger.add(order["errors"], level="ERROR", format="{message} {extra}")
    extension = courier_extension(order["courier"]) if order["courier"] else NOTHING_MORE
    asyncio.run(_serving(Settings(tizmor_env_file=None, **order["start"]), extension, order["known"], told))


async def _serving(settings: Settings, extension: Extension, known: str, told: int) -> None:
    listens = asyncio.Event()
    if known:
        logger.add(lambda _: listens.set(), filter=lambda record: record["message"] == known)
    else:
        listens.set()
    async with serve(settings, outside=True, extension=extension) as serving:
        await listens.wait()
        os.write(told, f"{os.getpid()} {serving.url}\n".encode())
        await until_stopped(serving.tizmor)


@dataclass(slots=True, kw_only=True)
class Product:
    """A process of the product, seen from the world."""

    pid: int
    serves: asyncio.Future[str | None]
    """Its address once it serves and listens to its chat; None where it died before that."""
    died: asyncio.Future[None]

    def kill(self) -> None:
        """As ``kill -9`` does."""
        os.kill(self.pid, signal.SIGKILL)

    def stop(self) -> None:
        """As an operator does."""
        os.kill(self.pid, signal.SIGTERM)


class Forks:
    """The world's end of the server. Make it in the world, open it on the world's loop."""

    def __init__(self, orders: socket.socket, heard: int) -> None:
        self._orders = orders
        self._heard = heard
        self._products: dict[int, Product] = {}
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
        self._turn = asyncio.Lock()

    @asynccontextmanager
    async def opened(self) -> AsyncGenerator[Forks]:
        """Use it on this loop until the block ends."""
        loop = asyncio.get_running_loop()
        self._streams = await asyncio.open_connection(sock=self._orders)
        told = asyncio.StreamReader()
        pipe, _ = await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(told), os.fdopen(self._heard, "rb"))
        try:
            async with asyncio.TaskGroup() as group:
                listening = group.create_task(self._listen(told))
                yield self
                listening.cancel()
        finally:
            pipe.close()
            self._streams[1].close()

    async def start(self, settings: dict[str, Any], errors: Path, *, known: str = "", courier: str = "") -> Product:
        """A new product, which logs ``known`` once it listens to its chat; without, it has none. Its errors are appended to a
        file. With the address of a ``courier`` it has the agents that call it.
        """
        loop = asyncio.get_running_loop()
        async with self._turn:
            pid = await self._order({"start": settings, "known": known, "courier": courier, "errors": str(errors)})
            product = Product(pid=pid, serves=loop.create_future(), died=loop.create_future())
            self._products[pid] = product
            descriptor = os.pidfd_open(pid)
            loop.add_reader(descriptor, self._dead, product, descriptor)
        return product

    async def ended(self, product: Product) -> int:
        """Wait for its death; its exit code, or minus the signal that killed it."""
        await asyncio.shield(product.died)
        async with self._turn:
            del self._products[product.pid]
            return await self._order({"reap": product.pid})

    async def _order(self, order: dict[str, Any]) -> int:
        assert self._streams is not None
        reader, writer = self._streams
        writer.write((json.dumps(order) + "\n").encode())
        return int(await reader.readline())

    async def _listen(self, told: asyncio.StreamReader) -> None:
        async for line in told:
            pid, _, url = line.decode().strip().partition(" ")
            product = self._products[int(pid)]
            if not product.serves.done():
                product.serves.set_result(url)

    def _dead(self, product: Product, descriptor: int) -> None:
        asyncio.get_running_loop().remove_reader(descriptor)
        os.close(descriptor)
        product.died.set_result(None)
        if not product.serves.done():
            product.serves.set_result(None)
