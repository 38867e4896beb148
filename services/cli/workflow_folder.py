"""Workflows that others run, from a folder: what is published, for a run on the author's machine."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Final

from template_library import versions
from template_library.dsl import DocumentError, Workflow, parse

_ENDINGS: Final = frozenset({".yaml", ".yml", ".json"})
_LATEST: Final = "latest"


class Missing(Exception):
    """A workflow is not in the folder, or is there twice. The message says which, and what could not be read."""


class Folder:
    """The documents of a folder and those below it. What is no workflow matters only when one is missed."""

    def __init__(self, path: Path, processes: Collection[str] = ()) -> None:
        """Raises Missing: it cannot be read."""
        self._path = path
        self._found: dict[tuple[str, str], dict[str, tuple[Path, Workflow]]] = {}
        self._twice: dict[tuple[str, str, str], Path] = {}
        self._unread: list[str] = []
        for file in sorted(one for one in _files(path) if one.suffix in _ENDINGS):
            self._read(file, processes)

    def below(self, workflow: Workflow) -> dict[str, Workflow]:
        """Everything that `workflow` may run, by the names that documents give (`namespace/name:version`).

        Raises:
            Missing: one is not there.
        """
        found: dict[str, Workflow] = {}
        wanted = list(workflow.workflows)
        while wanted:
            one = wanted.pop()
            name = f"{one[0]}/{one[1]}:{one[2]}"
            if name not in found:
                found[name] = self._one(name, *one)
                wanted += found[name].workflows
        return found

    def _read(self, file: Path, processes: Collection[str]) -> None:
        name = file.relative_to(self._path)
        try:
            workflow = parse(file.read_text(encoding="utf-8"), filename=str(name), processes=processes)
        except (DocumentError, OSError, UnicodeDecodeError) as error:
            self._unread.append(str(error).partition("\n")[0])
            return
        head = workflow.document
        known = self._found.setdefault((head.namespace, head.name), {})
        if head.version in known:
            self._twice[head.namespace, head.name, head.version] = name
        known.setdefault(head.version, (name, workflow))

    def _one(self, whole: str, namespace: str, name: str, version: str) -> Workflow:
        known = self._found.get((namespace, name), {})
        chosen = max(known, key=versions.parse, default=version) if version == _LATEST else version
        if chosen not in known:
            others = f"; of that name there are {', '.join(sorted(known))}" if known else ""
            unread = f"; not read as workflows: {' · '.join(self._unread[:5])}" if self._unread else ""
            raise Missing(f"no document of {self._path} is {whole}{others}{unread}")
        file, workflow = known[chosen]
        if other := self._twice.get((namespace, name, chosen)):
            raise Missing(f"{namespace}/{name}:{chosen} is in {self._path} more than once, in {file} and in {other}")
        return workflow


def _files(path: Path) -> list[Path]:
    try:
        # A folder that is not there gives nothing to `rglob`, in silence.
        next(path.iterdir(), None)
    except OSError as error:
        raise Missing(f"the folder {path} cannot be read: {error.strerror}") from error
    return [one for one in path.rglob("*") if one.is_file()]
