from __future__ import annotations

import re
from typing import Any, Final

import msgspec

from template_library import retention, versions

_FILE: Final = re.compile(r"[a-z0-9-]{1,64}\.json")
SLUG: Final = re.compile(r"[a-z0-9](-?[a-z0-9]){0,62}")


class MalformedManifest(ValueError):
    """A template's `manifest.yaml` breaks a rule. Its author corrects it; the message names the member."""


class ConnectionNeed(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A connection that the workflow names, and the operations that its connector must offer."""

    operations: tuple[str, ...]
    title: str = ""


class Manifest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a template is and what it needs.

    Attributes:
        name: slug; the folder's name.
        version: semantic version; the inner folder's name.
        title, summary: for the person who chooses; the title at most 80 characters.
        connections: by the name that the workflow uses.
        kpis: the figures that it improves, in field words.
        sample: file of the package with an event that starts it.
        retention: how long ended runs are kept, such as `P2Y`; None: as long as the installation keeps them.
    """

    name: str
    version: str
    title: str
    summary: str
    connections: dict[str, ConnectionNeed] = {}
    kpis: tuple[str, ...] = ()
    sample: str | None = None
    retention: str | None = None


def read(document: Any) -> Manifest:
    """The manifest in `document`, a decoded YAML or JSON object.

    Raises:
        MalformedManifest: a member is missing, unknown or of the wrong form.
    """
    try:
        manifest = msgspec.convert(document, Manifest)
        versions.parse(manifest.version)
    except (msgspec.ValidationError, versions.MalformedVersion) as error:
        raise MalformedManifest(str(error)) from None
    for name in (manifest.name, *manifest.connections):
        if not SLUG.fullmatch(name):
            raise MalformedManifest(f"`{name[:64]}` is no slug: lower-case letters, digits and single hyphens")
    if manifest.sample is not None and not _FILE.fullmatch(manifest.sample):
        raise MalformedManifest(f"the sample `{manifest.sample[:64]}` is no JSON file of the package")
    if manifest.retention is not None:
        try:
            retention.days(manifest.retention)
        except ValueError as error:
            raise MalformedManifest(f"the retention is {error}") from None
    for name, need in manifest.connections.items():
        if not need.operations:
            raise MalformedManifest(f"the connection `{name}` lists no operation")
    return manifest
