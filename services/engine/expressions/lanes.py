from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Final, Generic, TypeVar

Item = TypeVar("Item")

PENALTY_SECONDS: Final = 60.0


class Lanes(Generic[Item]):
    """A queue per tenant, served in turn.

    A lane whose program was killed is penalised for a minute: its items come one by one, and only to a server that
    takes penalised work, so that it cannot hold up the others (S-23).
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._queues: dict[str, deque[Item]] = {}
        self._turn: deque[str] = deque()
        self._penalised_until: dict[str, float] = {}

    def __len__(self) -> int:
        return sum(len(queue) for queue in self._queues.values())

    def put(self, lane: str, item: Item, *, first: bool = False) -> None:
        queue = self._queues.get(lane)
        if queue is None:
            queue = self._queues[lane] = deque()
            self._turn.append(lane)
        if first:
            queue.appendleft(item)
        else:
            queue.append(item)

    def strike(self, lane: str) -> None:
        self._penalised_until[lane] = self._clock() + PENALTY_SECONDS

    def penalised(self, lane: str) -> bool:
        until = self._penalised_until.get(lane)
        if until is None:
            return False
        if until <= self._clock():
            del self._penalised_until[lane]
            return False
        return True

    def take(self, most: int, *, penalised: bool) -> list[tuple[str, Item]]:
        """Up to `most` items, one per lane and turn; a penalised one alone, and only if `penalised` allows it."""
        taken: list[tuple[str, Item]] = []
        passed = 0
        while self._turn and len(taken) < most and passed < len(self._turn):
            lane = self._turn[0]
            self._turn.rotate(-1)
            if self.penalised(lane):
                if not penalised or taken:
                    passed += 1
                    continue
                return [(lane, self._pop(lane))]
            taken.append((lane, self._pop(lane)))
            passed = 0
        return taken

    def _pop(self, lane: str) -> Item:
        queue = self._queues[lane]
        item = queue.popleft()
        if not queue:
            del self._queues[lane]
            self._turn.remove(lane)
        return item
