"""Short tasks on an asyncio event loop, long ones in an executor: what is usual in Python.

Usage: asyncio_pools.py threads|processes

Prints "port N" once it listens on loopback. Commands, one a line: "s" does a short task and answers
"ok"; "l 1" keeps twice as many long tasks queued or running as there are cores, "l 0" stops that,
both answer "ok"; "q" answers how many long tasks were done; "x" ends the program.
"""

import asyncio
import os
import sys
import time
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor

SHORT_US = 50
LONG_MS = 300
SLICES = 300


def spin(rounds):
    state = 0x9E3779B9
    for _ in range(rounds):
        state = (state * 1103515245 + 12345) & 0x7FFFFFFF
    return state


def rounds_per_us():
    """By the thread's CPU time, so that other load on the machine does not matter."""
    best = 0.0
    for _ in range(7):
        begin = time.thread_time()
        spin(20_000)
        best = max(best, 20_000 / ((time.thread_time() - begin) * 1e6))
    return best


def long_task(rounds):
    for _ in range(SLICES):
        spin(rounds)


class Server:
    def __init__(self, kind):
        self.cores = os.cpu_count() or 1
        make = ThreadPoolExecutor if kind == "threads" else ProcessPoolExecutor
        self.pool = make(self.cores)
        per_us = rounds_per_us()
        self.short_rounds = max(1, int(SHORT_US * per_us))
        self.slice_rounds = max(1, int(LONG_MS * 1000 / SLICES * per_us))
        self.loaded = False
        self.done = 0
        self.running = set()

    async def keep_busy(self):
        loop = asyncio.get_running_loop()
        while self.loaded:
            await loop.run_in_executor(self.pool, long_task, self.slice_rounds)
            self.done += 1

    async def set_load(self, wanted):
        self.loaded = wanted
        if wanted:
            for _ in range(2 * self.cores):
                task = asyncio.create_task(self.keep_busy())
                self.running.add(task)
                task.add_done_callback(self.running.discard)
        else:
            await asyncio.gather(*self.running)

    async def answer(self, line):
        if line == b"s\n":
            spin(self.short_rounds)
            return b"ok\n"
        if line in (b"l 1\n", b"l 0\n"):
            await self.set_load(line == b"l 1\n")
            return b"ok\n"
        if line == b"q\n":
            return b"%d\n" % self.done
        return b"what?\n"

    async def serve(self, reader, writer):
        while line := await reader.readline():
            if line == b"x\n":
                self.pool.shutdown(wait=False, cancel_futures=True)
                self.ended.set()
                break
            writer.write(await self.answer(line))
        writer.close()

    async def run(self):
        self.ended = asyncio.Event()
        server = await asyncio.start_server(self.serve, "127.0.0.1", 0, backlog=512)
        # Starts the pool's processes before the first measurement.
        loop = asyncio.get_running_loop()
        await asyncio.gather(
            *(loop.run_in_executor(self.pool, spin, 1000) for _ in range(self.cores))
        )
        print("port", server.sockets[0].getsockname()[1], flush=True)
        await self.ended.wait()


if __name__ == "__main__":
    if len(sys.argv) != 2 or sys.argv[1] not in ("threads", "processes"):
        sys.exit("usage: asyncio_pools.py threads|processes")
    asyncio.run(Server(sys.argv[1]).run())
