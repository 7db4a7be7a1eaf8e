"""Counts what is lost while the front that gonogo runs itself is switched, beside bare reloads of the same proxy.

    .venv/bin/python benchmarks/front.py [--times 40]

Two servers on loopback, a steady load on new and on kept connections, 20 uploads and 50 WebSockets, each of which
outlives a switch. A switch is what a deployment does with `kind = "own"`, without its gates. Prints a Markdown table;
nothing is asserted, machines differ.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import multiprocessing
import socket
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from gonogo.config.traffic import Traffic
from gonogo.demo.ports import free_port
from gonogo.host.runner import Command
from gonogo.runtimes.front import OwnFront
from gonogo.traffic.base import alone
from gonogo.traffic.send import send
from tests.unit.runtimes.process.test_runtime import make

UPLOADS, SOCKETS, PIECES, PIECE = 20, 50, 16, 256 * 1024
BETWEEN, PAUSE, ASKERS = 1.5, 0.03, 5
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
SWITCHING = b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"


async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answers requests, reads uploads, echoes after an upgrade; a kept connection is closed after five seconds."""
    with contextlib.suppress(OSError, asyncio.IncompleteReadError, TimeoutError):
        while True:
            head = (await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 5)).lower()
            if b"upgrade: websocket" in head:
                writer.write(SWITCHING)
                while said := await reader.read(100):
                    writer.write(said)
                break
            if b"content-length: " in head:
                await reader.readexactly(int(head.partition(b"content-length: ")[2].partition(b"\r\n")[0]))
            writer.write(OK)
            await writer.drain()
    writer.close()


def serve(listening: socket.socket) -> None:
    """One release."""

    async def forever() -> None:
        server = await asyncio.start_server(answer, sock=listening)
        await server.serve_forever()

    asyncio.run(forever())


class Load:
    """Everybody who asks, and what became of it."""

    def __init__(self, port: int) -> None:
        """Nobody asks yet."""
        self.port, self.found, self.over = port, Counter[str](), False

    async def fresh(self) -> None:
        """Each request over a connection of its own."""
        while not self.over:
            try:
                reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
                writer.write(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
                self._note("new", await reader.read())
                writer.close()
            except OSError:
                self.found["new failed"] += 1
            await asyncio.sleep(PAUSE)

    async def kept(self) -> None:
        """All over one, while that lasts."""
        pair = None
        while not self.over:
            try:
                if pair is not None and pair[0].at_eof():  # whoever keeps one sees that it was closed
                    pair = None
                reader, writer = pair = pair or await asyncio.open_connection("127.0.0.1", self.port)
                writer.write(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
                head = await reader.readuntil(b"\r\n\r\n")
                await reader.readexactly(2)
                self._note("kept", head)
            except (OSError, asyncio.IncompleteReadError):
                self.found["kept closed"] += 1
                pair = None
            await asyncio.sleep(PAUSE)

    async def upload(self, begin: float) -> None:
        """One that goes on for four seconds."""
        await asyncio.sleep(begin)
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
            writer.write(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n" % (PIECES * PIECE))
            for _ in range(PIECES):
                writer.write(bytes(PIECE))
                await writer.drain()
                await asyncio.sleep(0.25)
            self._note("upload", await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 20))
            writer.close()
        except (OSError, asyncio.IncompleteReadError, TimeoutError):
            self.found["upload failed"] += 1

    async def talk(self, begin: float) -> None:
        """A WebSocket's connection that is used for five seconds."""
        await asyncio.sleep(begin)
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
            writer.write(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
            await reader.readuntil(b"\r\n\r\n")
            for _ in range(10):
                writer.write(b"hello")
                await asyncio.wait_for(reader.readexactly(5), 5)
                await asyncio.sleep(0.5)
            self.found["socket"] += 1
            writer.close()
        except (OSError, asyncio.IncompleteReadError, TimeoutError):
            self.found["socket failed"] += 1

    def _note(self, kind: str, said: bytes) -> None:
        self.found[kind if said.startswith(b"HTTP/1.1 200") else f"{kind} failed"] += 1


async def loaded(port: int, times: int, act: Callable[[int], object]) -> Counter[str]:
    """What became of everybody while something was done so many times."""
    load = Load(port)
    asking = [load.fresh() for _ in range(ASKERS)] + [load.kept() for _ in range(ASKERS)]
    span = times * BETWEEN
    asking += [load.upload(number * span / UPLOADS) for number in range(UPLOADS)]
    asking += [load.talk(number * span / SOCKETS) for number in range(SOCKETS)]
    tasks = [asyncio.create_task(one) for one in asking]
    for number in range(times):
        await asyncio.sleep(BETWEEN)
        await asyncio.to_thread(act, number)
    await asyncio.sleep(6)
    load.over = True
    await asyncio.gather(*tasks)
    return load.found


@contextlib.contextmanager
def servers() -> Iterator[list[str]]:
    """Where two releases answer."""
    listening = [socket.create_server(("127.0.0.1", 0), backlog=200) for _ in range(2)]
    running = [multiprocessing.Process(target=serve, args=(one,), daemon=True) for one in listening]
    for one in running:
        one.start()
    yield [f"127.0.0.1:{one.getsockname()[1]}" for one in listening]
    for one in running:
        one.kill()


def row(name: str, found: Counter[str]) -> str:
    """One line of the table."""
    asked = found["new"] + found["kept"]
    return (
        f"| {name} | {asked:,} | {found['new failed'] + found['kept failed']} | {found['kept closed']} | "
        f"{found['upload failed']} of {UPLOADS} | {found['socket failed']} of {SOCKETS} |"
    )


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--times", type=int, default=40)
    times = parser.parse_args().times
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="gonogo-front-") as folder, servers() as at:
        place, _ = make(Path(folder))
        front = OwnFront(
            place=place, traffic=Traffic.model_validate({"kind": "own", "upstreams": {"web": f"web:{port}"}})
        )
        place.state.mkdir(exist_ok=True)
        front.ensure(alone({"web": at[0]}), lambda: None)
        again = (*front.proxy.adapter.reload({}), "--force")
        try:
            switched = asyncio.run(loaded(port, times, lambda n: send(front.proxy, alone({"web": at[(n + 1) % 2]}))))
            bare = asyncio.run(
                loaded(port, times, lambda _: place.host.run(Command(argv=again, cwd=str(front.home))).require())
            )
        finally:
            front.end()
    print(f"{times} times each:\n")
    print("| what | requests | failed | kept connections closed under a request | uploads failed | WebSockets cut |")
    print("|---|---|---|---|---|---|")
    print(row("switches", switched))
    print(row("bare reloads", bare))


if __name__ == "__main__":
    main()
