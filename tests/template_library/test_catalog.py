"""The packages of the product, and packages that are broken."""

from __future__ import annotations

import shutil
from pathlib import Path

import msgspec
import pytest

from services.events import cloud_event
from template_library import catalog, schemas
from template_library.catalog import Catalog, Package, UnknownTemplate
from template_library.dsl import parse
from template_library.dsl.schemas import compile_schema, first_error
from template_library.manifest import MalformedManifest

RELEASED = {
    "backorder-resolution@1.0.0": "ed0de1f7430fed642aec82b6fcd1e51fc41f3b41c157e45f46ba9b6b49664cad",
    "customer-onboarding@1.0.0": "c671a9aa21de7ada0f51c9e1ea22cacbd8b04fef269348bbe72e6908682f8dbb",
    "invoice-dispute@1.0.0": "e58b63a9bbd47054e70a85a087eb8dd25cce6bde90169c2ab983f1e907b22881",
    "order-release@1.0.0": "6084cd3ad2a925fe9ae757e3b2cb6eaa90ef84b952b6c656987c96e000c97d51",
    "order-release@1.1.0": "cfa1eaea7d1bc0a3af791aa66ab2e166c29c223a6bb200c8bae9d043bbc99e33",
    "order-release@1.2.0": "040b67e696fdfe6abb4ced44670cf43c79d3313dcd252c1679fd09faebe4355e",
    "proof-of-delivery@1.0.0": "5020654fbf97c94011720760be4d3f4be3967e20c0918913932a151e4fcf9aaa",
}
"""A released version never changes: a change is another version with another line here."""

MORE = {"CLIENT.md", "forms", "mails", "runbooks"}
PACKAGES = catalog.builtin().packages()


def test_a_released_version_never_changes() -> None:
    assert {package.reference: package.digest() for package in PACKAGES} == RELEASED


@pytest.mark.parametrize("package", PACKAGES, ids=lambda package: str(package.reference))
def test_a_package_holds_together(package: Package) -> None:
    workflow = parse(package.document)
    assert (workflow.document.name, workflow.document.version) == (package.manifest.name, package.manifest.version)
    compile_schema(package.parameters)
    assert schemas.check(package.parameters, schemas.with_defaults(package.parameters, {})) == []
    names = {path.relative_to(package.folder).as_posix() for path in package.folder.iterdir()}
    assert names - {package.manifest.sample} - MORE == {
        "manifest.yaml",
        "workflow.yaml",
        "parameters.schema.json",
        "tests",
        "README.md",
        "CHANGELOG.md",
    }
    # Whatever was made since tasks and holds are there is a whole package.
    assert package.reference in {"order-release@1.0.0", "order-release@1.1.0"} or package.manifest.category is not None
    for field in package.parameters["properties"]:
        assert f"`{field}`" in (package.folder / "README.md").read_text()


@pytest.mark.parametrize("package", [one for one in PACKAGES if one.sample], ids=lambda one: str(one.reference))
def test_a_sample_is_an_event_that_starts_its_workflow(package: Package) -> None:
    assert package.sample is not None
    assert "id" not in package.sample
    assert "*" in package.sample["subject"]
    text = msgspec.json.encode({**package.sample, "id": "*"}).replace(b"*", b"20260131")
    event = cloud_event.read({"content-type": cloud_event.STRUCTURED}, text)
    workflow = parse(package.document)
    assert workflow.trigger is not None
    assert workflow.trigger.attributes.items() <= event.attributes.items()
    assert workflow.input.schema is not None
    events = [{**event.attributes, "data": event.data}]
    assert first_error(compile_schema(workflow.input.schema.document), events) is None


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A catalog with versions 1.9.0, 1.10.0 and 2.0.0-rc.1 of one template."""
    source = catalog.builtin().find("order-release", "1.0.0").folder
    for version in ("1.9.0", "1.10.0", "2.0.0-rc.1"):
        folder = tmp_path / "order-release" / version
        shutil.copytree(source, folder)
        manifest = (folder / "manifest.yaml").read_text().replace("version: 1.0.0", f"version: {version}")
        (folder / "manifest.yaml").write_text(manifest)
    return tmp_path


def test_the_newest_release_is_found_by_precedence(root: Path) -> None:
    found = Catalog(root)
    assert found.find("order-release").manifest.version == "1.10.0"
    assert found.find("order-release", "2.0.0-rc.1").manifest.version == "2.0.0-rc.1"
    assert [one.manifest.version for one in found.packages()] == ["1.9.0", "1.10.0", "2.0.0-rc.1"]
    for name, version in (("order-release", "1.0.0"), ("nothing", None)):
        with pytest.raises(UnknownTemplate):
            found.find(name, version)


def test_a_digest_covers_every_file(root: Path) -> None:
    folder = root / "order-release" / "1.9.0"
    before = catalog.load(folder).digest()
    (folder / "tests" / "more.yaml").write_text("")
    assert catalog.load(folder).digest() != before


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("version: 1.9.0", "version: 1.9.1"),
        ("version: 1.9.0", "version: '1.9'"),
        ("name: order-release", "name: order_release"),
        ("title: Order release", "titel: Order release"),
        ("  erp:\n", "  ERP:\n"),
        ("    operations:\n", "    operation:\n"),
        ("sample: sample.json", "sample: ../../../../../secrets/kek"),
        ("sample: sample.json", "sample: /etc/hosts.json"),
    ],
)
def test_a_broken_manifest_is_refused(root: Path, old: str, new: str) -> None:
    file = root / "order-release" / "1.9.0" / "manifest.yaml"
    content = file.read_text()
    assert old in content
    file.write_text(content.replace(old, new, 1))
    with pytest.raises(MalformedManifest):
        Catalog(root)
