"""A run that stands still is put at the same place of another version of its workflow (ADR 0032). Pure.

Nothing is guessed: whatever of the run has no place of the same kind there, or would go on as something else, keeps the
run where it is, with the reason. Effects keep their keys, so that nothing is done a second time.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import msgspec
from msgspec.structs import replace

from services.engine import mapping
from services.engine.frames import Extending, Forking, Frame, Memory
from services.engine.sameness import Stuck, check_call, check_task
from services.engine.scopes import children, runs_body
from services.engine.state import VERSION, Snapshot, Strand
from services.engine.waits import Calling, Wait
from template_library.dsl.model import ForkTask, Workflow


class Side(msgspec.Struct, frozen=True):
    """A revision as runs of it see it.

    Attributes:
        programs: the workflow under the empty name, and those that it runs, by name.
        bindings: connections, or groups of them, by the name in the document.
    """

    programs: Mapping[str, Workflow]
    bindings: Mapping[str, UUID]
    parameters: Mapping[str, Any]


def move(snapshot: Snapshot, old: Side, new: Side, pairs: Mapping[str, str]) -> Snapshot:
    """The snapshot of the same run in the new revision; `pairs` are pointers of the workflow's own tasks, old to new.

    Raises:
        Stuck: it cannot move, and why.
    """
    if snapshot.version != VERSION:
        raise Stuck("", "another version of this software keeps where it stands")
    moved: dict[int, Strand] = {}
    for strand in snapshot.strands:  # one comes after the one that it was begun from
        program = snapshot.scopes[strand.scope].program
        if program not in new.programs:
            raise Stuck(strand.frames[0].reference, f"it runs {program}, which is no part of the new revision")
        outer = None if strand.parent is None else moved[strand.parent].frames[-1]
        own = {} if program else pairs
        moved[strand.id] = _Movement(old.programs[program], new.programs[program], own, strand).strand(outer)
        _check_bindings(strand, old, new)
    run = replace(snapshot.run, parameters=dict(new.parameters))
    return replace(snapshot, strands=list(moved.values()), run=run)


def references(before: Snapshot, after: Snapshot) -> dict[str, str]:
    """Of the tasks that are open, those whose reference is another one now, old to new."""
    return {
        here.reference: there.reference
        for one, two in zip(before.strands, after.strands, strict=True)
        for here, there in zip(one.frames, two.frames, strict=True)
        if here.reference != there.reference
    }


def _check_bindings(strand: Strand, old: Side, new: Side) -> None:
    """An open call goes on where it was begun: another system does not know its key."""
    if not isinstance(strand.wait, Calling):
        return
    name = strand.wait.effect.arguments.get("connection")
    if isinstance(name, str) and old.bindings.get(name) != new.bindings.get(name):
        detail = f"its call is open, and `{name}` is bound to another connection in the new revision"
        raise Stuck(strand.frames[-1].reference, detail)


class _Movement:
    """Of one strand between two documents."""

    def __init__(self, old: Workflow, new: Workflow, pairs: Mapping[str, str], strand: Strand) -> None:
        self._old, self._new, self._pairs = old, new, pairs
        self._before = strand
        self._after = replace(strand, frames=[])

    def strand(self, outer: Frame | None) -> Strand:
        """`outer`: the frame that it was begun from, moved already."""
        before, after = self._before, self._after
        base = before.frames[0]
        path, reference = self._path(base.path), "" if outer is None else outer.reference
        if before.branch is not None:
            after.branch = self._branches(base.path)[before.branch]
        after.frames.append(replace(base, path=path, reference=reference))
        for frame, parent in zip(before.frames[1:], before.frames[:-1], strict=True):
            after.frames.append(self._frame(frame, parent, after.frames[-1]))
        for here, there in zip(before.frames, after.frames, strict=True):
            there.index = self._index(here, there)
        after.wait = self._wait()
        return after

    def _path(self, path: str) -> str:
        return mapping.there(path, self._pairs)

    def _frame(self, frame: Frame, parent: Frame, outer: Frame) -> Frame:
        """`parent` is around it where it was, `outer` where it goes."""
        if frame.extensions or isinstance(frame.memory, Extending):
            self._check_extensions(frame)
        if isinstance(frame.memory, Extending):
            return replace(frame, reference=outer.reference + frame.reference[len(parent.reference) :])
        path = self._path(frame.path)
        new = self._new.tasks.get(path)
        if new is None:
            raise Stuck(frame.reference, f"the new revision has no task at {path}")
        check_task(self._old.tasks[frame.path], new, frame.reference)
        if path not in children(self._new, outer, self._after):
            raise Stuck(frame.reference, f"{path} is not inside {outer.path or 'the list of the workflow itself'}")
        is_body = runs_body(self._old, parent)
        reference = outer.reference if is_body else outer.reference + path[len(outer.path) :]
        key = "" if frame.keyed == reference else frame.keyed
        return replace(frame, path=path, reference=reference, key=key, memory=self._memory(frame))

    def _memory(self, frame: Frame) -> Memory | None:
        memory = frame.memory
        if not isinstance(memory, Forking):
            return memory
        places = self._branches(frame.path)
        return Forking(
            {places[one]: output for one, output in memory.outputs.items()},
            {places[one]: error for one, error in memory.errors.items()},
        )

    def _branches(self, path: str) -> dict[int, int]:
        """Places of the branches of the fork, old to new."""
        old, new = self._old.tasks[path], self._new.tasks.get(self._path(path))
        if not isinstance(old, ForkTask) or not isinstance(new, ForkTask):
            raise Stuck(path, f"{path} is no `fork` any more")
        places = {}
        for place, branch in enumerate(old.branches):
            if self._path(branch) not in new.branches:
                raise Stuck(path, f"{path} is open, and has no branch {self._path(branch)} in the new revision")
            places[place] = new.branches.index(self._path(branch))
        return places

    def _index(self, here: Frame, there: Frame) -> int:
        """The place of the child that is open or comes next."""
        old, new = children(self._old, here, self._before), children(self._new, there, self._after)
        if here.index >= len(old):
            return len(new)
        child = self._path(old[here.index])
        if child in new:
            return new.index(child)
        if here is self._before.frames[-1] and self._before.wait is not None:
            return 0  # it waits itself; what is inside begins anew, or not at all
        raise Stuck(here.reference, f"the task that comes next is gone: there is no {child} in {there.path or '/do'}")

    def _wait(self) -> Wait | None:
        wait, frame = self._before.wait, self._after.frames[-1]
        if not isinstance(wait, Calling):
            return wait
        task = self._new.tasks[frame.path]
        check_call(self._old.tasks[self._before.frames[-1].path], task, self._before.frames[-1].reference, wait)
        return replace(wait, effect=replace(wait.effect, reference=frame.reference, name=task.name, key=frame.key))

    def _check_extensions(self, frame: Frame) -> None:
        old, new = (one.definition.get("use", {}).get("extensions") for one in (self._old, self._new))
        if old != new:
            raise Stuck(frame.reference, "it is extended, and the extensions are others in the new revision")
