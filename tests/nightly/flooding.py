"""A client that floods, in a process of its own: `python -m tests.nightly.flooding URL SECONDS SEED`, its key on stdin.

As fast as one process sends: orders, one in fifty an endless program, one in fifty with a body of 900 KiB. Prints how
often each status was the answer, as JSON.
"""

from __future__ import annotations

import asyncio
import contextlib
import sys
import time
from collections import Counter
from random import Random
from typing import Final

import msgspec

from infra import egress
from infra.encryption.secret import Secret
from tests.faults.plant import NOBODY, order

SENDERS: Final = 48
_FORM: Final = {"content-type": "application/cloudevents+json"}


async def flood(url: str, key: str, seconds: float, random: Random) -> Counter[int]:
    answers: Counter[int] = Counter()
    until = time.monotonic() + seconds
    destination = egress.Destination(allowed_origins=(egress.canonical_origin(url),), allow_http=True)
    credentials = {"authorization": Secret(f"Bearer {key}")}

    async def send(client: egress.Client, place: int) -> None:
        number = 0
        while time.monotonic() < until:
            number += 1
            body = msgspec.json.encode(_event(random.random(), f"{place}-{number}"))
            with contextlib.suppress(egress.Failed):
                answer = await client.send(
                    NOBODY,
                    egress.Request(
                        method="POST",
                        url=f"{url}/v1/events",
                        body=body,
                        headers=_FORM,
                        credentials=credentials,
                        destination=destination,
                    ),
                )
                answers[answer.status] += 1

    async with egress.Client(egress.Guard(allow_loopback=True)) as client, asyncio.TaskGroup() as group:
        for place in range(SENDERS):
            group.create_task(send(client, place))
    return answers


def _event(chance: float, name: str) -> dict[str, object]:
    data = order(f"flood-{name}")
    kind = "order.captured"
    if chance < 0.02:
        kind = "endless"
    elif chance < 0.04:
        data |= {"notes": "x" * 900_000}
    return {"specversion": "1.0", "id": name, "source": "/flood", "type": kind, "data": data}


def main() -> None:
    url, seconds, seed = sys.argv[1:]
    found = asyncio.run(flood(url, sys.stdin.read(), float(seconds), Random(seed)))  # noqa: S311 (no secret)
    sys.stdout.buffer.write(msgspec.json.encode({str(status): count for status, count in found.items()}))


if __name__ == "__main__":
    main()
