"""The template packages of the product. A released version never changes; `digest` lets a test hold it to that."""

from __future__ import annotations

import hashlib
import json
from functools import cache
from pathlib import Path
from typing import Any, Final

import msgspec

from template_library import manifest, named_forms, versions
from template_library.dsl import reader
from template_library.manifest import Manifest

ROOT: Final = Path(__file__).parent / "templates"


class UnknownTemplate(LookupError):
    """No package has this name, or it has no such version. The caller lists the catalog."""


class Package(msgspec.Struct, frozen=True):
    """One version of a template.

    Attributes:
        document: text of `workflow.yaml`, with the forms and mails that it names.
        parameters: JSON Schema of the deployment's parameters.
        sample: an event without id that starts it; `*` in its strings stands for digits of the sender's choice,
            the same in all of them. None: the package has none.
        folder: where the package lies; its scenarios are in `tests/`.
        forms, mails: what is in `forms/` and `mails/`, by name; of a mail `{subject, text}`, each by language.
        readme, client_page: Markdown for the partner's and for the client's people. None: the package has none.
        runbooks: of each exception what is to be done, in Markdown.
    """

    manifest: Manifest
    document: str
    parameters: dict[str, Any]
    folder: Path
    sample: dict[str, Any] | None = None
    forms: dict[str, Any] = {}
    mails: dict[str, Any] = {}
    readme: str | None = None
    client_page: str | None = None
    runbooks: dict[str, str] = {}

    @property
    def reference(self) -> str:
        """`name@version`, as a workflow version records where it came from."""
        return f"{self.manifest.name}@{self.manifest.version}"

    def digest(self) -> str:
        """sha256 hex over every file of the package: its path, its length, its bytes."""
        total = hashlib.sha256()
        for file in sorted(path for path in self.folder.rglob("*") if path.is_file()):
            content = file.read_bytes()
            total.update(f"{file.relative_to(self.folder).as_posix()}\0{len(content)}\0".encode())
            total.update(content)
        return total.hexdigest()


class Catalog:
    """The packages below `root`, laid out as `<name>/<version>/`."""

    def __init__(self, root: Path = ROOT) -> None:
        self._packages: dict[str, list[Package]] = {}
        for file in sorted(root.glob("*/*/manifest.yaml")):
            package = load(file.parent)
            self._packages.setdefault(package.manifest.name, []).append(package)
        for packages in self._packages.values():
            packages.sort(key=lambda package: versions.parse(package.manifest.version))

    def packages(self) -> list[Package]:
        """Every version of every template: by name, the oldest first."""
        return [package for name in sorted(self._packages) for package in self._packages[name]]

    def find(self, name: str, version: str | None = None) -> Package:
        """This version; the newest that is no pre-release when `version` is None.

        Raises:
            UnknownTemplate: there is none.
        """
        packages = self._packages.get(name, [])
        if version is None:
            released = [one for one in packages if not versions.parse(one.manifest.version).pre_release]
            packages = released[-1:]
        else:
            packages = [package for package in packages if package.manifest.version == version]
        if not packages:
            raise UnknownTemplate(f"there is no template {name[:64]}{f' {version[:64]}' if version else ''}")
        return packages[0]


@cache
def builtin() -> Catalog:
    """The packages of this installation, read once."""
    return Catalog()


def load(folder: Path) -> Package:
    """The package in `folder`.

    Raises:
        MalformedManifest: the manifest breaks a rule, or disagrees with the folder's names.
        DocumentError: `manifest.yaml`, the workflow, a form or a mail is no YAML.
        UnknownForm: the workflow names one that is no file of the package.
        OSError, ValueError: a file is missing or is no JSON.
    """
    file = folder / "manifest.yaml"
    try:
        read = manifest.read(reader.read(file.read_text(encoding="utf-8"), filename=str(file)).value)
    except manifest.MalformedManifest as error:
        raise manifest.MalformedManifest(f"{file}: {error}") from None
    if (folder.parent.name, folder.name) != (read.name, read.version):
        raise manifest.MalformedManifest(
            f"{file} says {read.name} {read.version}, so its folder is to end in {read.name}/{read.version}"
        )
    workflow, forms, mails = folder / "workflow.yaml", _named(folder / "forms"), _named(folder / "mails")
    return Package(
        manifest=read,
        document=named_forms.inlined(workflow.read_text(encoding="utf-8"), forms, mails, filename=str(workflow)),
        parameters=_object(folder / "parameters.schema.json"),
        folder=folder,
        sample=_object(folder / read.sample) if read.sample else None,
        forms=forms,
        mails=mails,
        readme=_page(folder / "README.md"),
        client_page=_page(folder / "CLIENT.md"),
        runbooks={
            name: file.read_text(encoding="utf-8")
            for name, one in read.exceptions.items()
            if (file := folder / one.runbook).is_file()
        },
    )


def _page(file: Path) -> str | None:
    return file.read_text(encoding="utf-8") if file.is_file() else None


def _named(folder: Path) -> dict[str, Any]:
    """By name what is in each YAML file of a folder, which need not be there."""
    files = sorted(folder.glob("*.yaml"))
    return {file.stem: reader.read(file.read_text(encoding="utf-8"), filename=str(file)).value for file in files}


def _object(file: Path) -> dict[str, Any]:
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ValueError(f"{file} is no JSON: {error}") from None
    if not isinstance(found, dict):
        raise ValueError(f"{file} holds no JSON object")  # noqa: TRY004 - of the file's author, not of a caller
    return found
