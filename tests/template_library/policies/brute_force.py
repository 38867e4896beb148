"""Every way that a small document can go, enumerated: what may be written before anybody has approved.

Of the document as it is written, and of nothing that the checker is made of. A place is passed twice at most, a loop
has two rounds at most; any task may fail.
"""

from __future__ import annotations

from itertools import product
from typing import Any

import msgspec

Item = dict[str, Any]


class Way(msgspec.Struct, frozen=True):
    """One way through something: whether somebody has approved by its end, what was written before, how it ends."""

    approved: bool
    hits: frozenset[str]
    how: str

    def behind(self, first: Way) -> Way:
        return Way(self.approved, first.hits | self.hits, self.how)


NONE: frozenset[str] = frozenset()


def hits(document: Item) -> set[str]:
    """References of all tasks that some way reaches unapproved, and that write."""
    functions = document.get("use", {}).get("functions", {})
    found: set[str] = set()
    for way in Runner(functions).steps(document["do"], "/do", approved=False):
        found |= way.hits
    return found


class Runner:
    def __init__(self, functions: dict[str, Item]) -> None:
        self._functions = functions
        self._known: dict[tuple[str, bool], set[Way]] = {}

    def steps(self, items: list[Item], base: str, *, approved: bool) -> set[Way]:
        names = [next(iter(item)) for item in items]
        done: set[Way] = set()
        start = (Way(approved, NONE, ""), 0, (0,) * len(items))
        open_, seen = [start], {start}
        while open_:
            so_far, at, visits = open_.pop()
            if at == len(items):
                done.add(Way(so_far.approved, so_far.hits, "continue"))
                continue
            if visits[at] == 2:
                continue
            counted = tuple(number + (place == at) for place, number in enumerate(visits))
            reference = f"{base}/{at}/{names[at]}"
            for way in self.task(items[at][names[at]], reference, approved=so_far.approved):
                whole = way.behind(so_far)
                if way.how in {"exit", "end", "fault"}:
                    done.add(whole)
                    continue
                following = at + 1 if way.how == "continue" else names.index(way.how)
                state = (Way(whole.approved, whole.hits, ""), following, counted)
                if state not in seen:
                    seen.add(state)
                    open_.append(state)
        return done

    def task(self, task: Item, reference: str, *, approved: bool) -> set[Way]:
        key = (reference, approved)
        if key not in self._known:
            found = {Way(approved, NONE, "fault")}
            if "if" in task:
                found.add(Way(approved, NONE, "continue"))
            then = task.get("then", "continue")
            for way in self._core(task, reference, approved=approved):
                found.add(Way(way.approved, way.hits, then) if way.how == "done" else way)
            self._known[key] = found
        return self._known[key]

    def _core(self, task: Item, reference: str, *, approved: bool) -> set[Way]:  # noqa: PLR0911 - one for each kind
        here = {Way(approved, NONE, "done")}
        if "switch" in task:
            cases = [case for entry in task["switch"] for case in entry.values()]
            whole = any("when" not in case for case in cases)
            return {Way(approved, NONE, case["then"]) for case in cases} | (set() if whole else here)
        if "listen" in task or task.get("with", {}).get("decision") == "price.release":
            return {Way(True, NONE, "done")}
        if "raise" in task:
            return set()
        if "fork" in task:
            return self._fork(task["fork"], reference, approved=approved)
        if "try" in task:
            return self._try(task, reference, approved=approved)
        if "for" in task:
            return self._for(task["do"], reference, approved=approved)
        if "do" in task:
            return _left(self.steps(task["do"], f"{reference}/do", approved=approved))
        if task.get("call") in self._functions:
            body = self._functions[task["call"]]
            ways = self.task(body, reference + "\0body", approved=approved)
            clean = {
                Way(way.approved, frozenset(hit.replace("\0body", "") for hit in way.hits), way.how) for way in ways
            }
            return {way if way.how in {"end", "fault"} else Way(way.approved, way.hits, "done") for way in clean}
        if "operation" in task.get("with", {}) and not approved:
            return {Way(approved, frozenset({reference}), "done")}
        return here

    def _fork(self, fork: Item, reference: str, *, approved: bool) -> set[Way]:
        """What is approved in one branch says nothing for another that is under way."""
        branches = []
        for place, item in enumerate(fork["branches"]):
            ((name, task),) = item.items()
            ways = self.task(task, f"{reference}/fork/branches/{place}/{name}", approved=approved)
            branches.append(ways)
        found: set[Way] = set()
        for together in product(*branches):
            hits = frozenset(hit for way in together for hit in way.hits)
            passed = [way for way in together if way.how not in {"end", "fault"}]
            found |= {Way(way.approved, hits, "end") for way in together if way.how == "end"}
            if fork.get("compete"):
                found |= {Way(way.approved, hits, "done") for way in passed}
                found |= {Way(approved, hits, "fault")} if not passed else set()
            elif len(passed) == len(together):
                found.add(Way(any(way.approved for way in passed), hits, "done"))
            else:
                found.add(Way(approved, hits, "fault"))
        return found

    def _try(self, task: Item, reference: str, *, approved: bool) -> set[Way]:
        found: set[Way] = set()
        for way in self.steps(task["try"], f"{reference}/try", approved=approved):
            if way.how != "fault":
                found |= _left({way})
            elif "do" in task["catch"]:
                caught = self.steps(task["catch"]["do"], f"{reference}/catch/do", approved=way.approved)
                found |= {one.behind(way) for one in _left(caught)}
            else:
                found.add(Way(way.approved, way.hits, "done"))
        return found

    def _for(self, items: list[Item], reference: str, *, approved: bool) -> set[Way]:
        found = {Way(approved, NONE, "done")}
        rounds = {Way(approved, NONE, "continue")}
        for _ in range(2):
            after: set[Way] = set()
            for before in rounds:
                ways = self.steps(items, f"{reference}/do", approved=before.approved)
                after |= {way.behind(before) for way in ways}
            found |= _left(after)
            rounds = {way for way in after if way.how == "continue"}
        return found


def _left(ways: set[Way]) -> set[Way]:
    """Of a list, as what it lies in takes it."""
    return {way if way.how in {"end", "fault"} else Way(way.approved, way.hits, "done") for way in ways}
