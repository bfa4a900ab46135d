"""The turn by hand on a plain asyncio loop, over aiohttp or over asyncio's own streams.

Usage: asyncio_turns.py PORT USERS MEASURED_MS WARM_UP_MS aiohttp|streams

Prints one line of JSON: turns_per_s, p50_ms, p99_ms, cpu_ms_per_turn, rss_mb, turns, wrong, what.
"""

import asyncio
import json
import math
import platform
import resource
import sys
import time

MODEL = "stub"
QUESTION = "What is the weather in Oslo?"
INSTRUCTIONS = "You help with the weather. Use your tool."
TOOLS = [
    {
        "type": "function",
        "function": {
            "name": "get_weather",
            "description": "Says what the weather is in a city.",
            "parameters": {
                "type": "object",
                "properties": {"city": {"type": "string"}},
                "required": ["city"],
            },
        },
    }
]
WORDS = ["It ", "is ", "mild ", "in Zürich, ", "東京 ", "and ", "dry ", "🌤 "]
ANSWER = "".join(WORDS[i % len(WORDS)] for i in range(16))


def tool_answer(city):
    return f"It is mild and dry in {city}, with a light wind from the west."


class StreamClient:
    """HTTP/1.1 over a kept connection for each user, with asyncio's streams."""

    def __init__(self, port):
        self.port = port
        self.connections = {}
        self.what = "asyncio streams"

    async def post(self, user, body):
        if user not in self.connections:
            self.connections[user] = await asyncio.open_connection("127.0.0.1", self.port)
        reader, writer = self.connections[user]
        payload = json.dumps(body).encode()
        writer.write(
            b"POST /v1/chat/completions HTTP/1.1\r\nHost: 127.0.0.1\r\n"
            b"Content-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(payload)
            + payload
        )
        head = await reader.readuntil(b"\r\n\r\n")
        lines = head.decode("latin-1").split("\r\n")
        if lines[0].split(" ")[1] != "200":
            raise RuntimeError(lines[0])
        length = next(
            int(line.split(":")[1]) for line in lines if line.lower().startswith("content-length:")
        )
        return json.loads(await reader.readexactly(length))

    async def close(self):
        for _, writer in self.connections.values():
            writer.close()


class AiohttpClient:
    def __init__(self, port):
        import aiohttp

        self.url = f"http://127.0.0.1:{port}/v1/chat/completions"
        self.session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0))
        self.what = f"aiohttp {aiohttp.__version__}"

    async def post(self, user, body):
        async with self.session.post(self.url, json=body) as answer:
            answer.raise_for_status()
            return await answer.json()

    async def close(self):
        await self.session.close()


async def turn(client, user):
    messages = [
        {"role": "system", "content": INSTRUCTIONS},
        {"role": "user", "content": QUESTION},
    ]
    while True:
        reply = await client.post(user, {"model": MODEL, "messages": messages, "tools": TOOLS})
        message = reply["choices"][0]["message"]
        if not message.get("tool_calls"):
            return message["content"]
        messages.append(message)
        for call in message["tool_calls"]:
            city = json.loads(call["function"]["arguments"])["city"]
            messages.append(
                {"role": "tool", "tool_call_id": call["id"], "content": tool_answer(city)}
            )


def rank(ordered, share):
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)] if ordered else 0


async def main(port, users, measured, warm_up, kind):
    client = AiohttpClient(port) if kind == "aiohttp" else StreamClient(port)
    counts_from = time.perf_counter() + warm_up
    ends = counts_from + measured
    took = []
    wrong = []

    async def work(user):
        while time.perf_counter() < ends and len(wrong) <= 100:
            begun = time.perf_counter()
            try:
                said = await turn(client, user)
            except Exception as failure:  # It is counted, and said at the end.
                said = f"failed: {failure!r}"
            now = time.perf_counter()
            if said != ANSWER:
                wrong.append(said)
            elif counts_from <= now < ends:
                took.append((now - begun) * 1e3)

    tasks = [asyncio.create_task(work(user)) for user in range(users)]
    await asyncio.sleep(warm_up)
    before = time.process_time()
    await asyncio.sleep(max(0, ends - time.perf_counter()))
    cpu = (time.process_time() - before) * 1e3
    await asyncio.gather(*tasks)
    await client.close()
    took.sort()
    print(
        json.dumps(
            {
                "turns_per_s": len(took) / measured,
                "p50_ms": rank(took, 0.5),
                "p99_ms": rank(took, 0.99),
                "cpu_ms_per_turn": cpu / len(took) if took else 0,
                "rss_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6,
                "turns": len(took),
                "wrong": len(wrong),
                "what": wrong[-1] if wrong else f"{client.what}, Python {platform.python_version()}",
            }
        ),
        flush=True,
    )


if __name__ == "__main__":
    if len(sys.argv) != 6 or sys.argv[5] not in ("aiohttp", "streams"):
        sys.exit("usage: asyncio_turns.py PORT USERS MEASURED_MS WARM_UP_MS aiohttp|streams")
    PORT, USERS, MEASURED_MS, WARM_UP_MS = (int(word) for word in sys.argv[1:5])
    asyncio.run(main(PORT, USERS, MEASURED_MS / 1e3, WARM_UP_MS / 1e3, sys.argv[5]))
