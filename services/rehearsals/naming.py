"""What a package names must be there, and what is there must be named: roles, forms, runbooks, mails, events."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from services.holds import kinds
from template_library import holds, human_tasks, mails, named_forms
from template_library.catalog import Package
from template_library.dsl import Workflow, reader
from template_library.dsl import kinds as exceptions
from template_library.dsl.model import (
    Constant,
    EmitTask,
    FunctionCallTask,
    ListenTask,
    ListTemplate,
    MapTemplate,
    Template,
)
from template_library.dsl.model.events import Consumption, EventFilter

_PAGES = ("README.md", "CLIENT.md", "CHANGELOG.md")


def mistakes(package: Package, workflow: Workflow) -> Iterator[str]:
    """In words for the package's author; none of a package that does not say its category."""
    for name, mail in package.mails.items():
        yield from mails.mistakes(name, mail)
    if package.manifest.category is None:
        return
    yield from (f"the manifest does not say its `{name}`" for name in package.manifest.missing())
    yield from (f"there is no {name}" for name in _PAGES if not (package.folder / name).is_file())
    calls = [one for one in workflow.tasks.values() if isinstance(one, FunctionCallTask) and not one.local]
    yield from _roles(package, calls)
    yield from _files(package)
    yield from _events(package, workflow)
    yield from (
        f"{at}: it raises {one}, which is none of the manifest's exceptions"
        for at, one in exceptions.unknown(workflow.tasks, package.manifest.exceptions)
    )


def _roles(package: Package, calls: Iterable[FunctionCallTask]) -> Iterator[str]:
    manifest, named = package.manifest, set[str]()
    for task in calls:
        given = members(task.arguments)
        if human_tasks.FAMILY.fullmatch(task.function):
            named |= _texts(given.get("role")) | _of_steps(given.get("deadline")) | _of_form(given.get("form"))
        elif task.function == holds.NAME and _texts(given.get("do")) == {"raise"}:
            named |= _texts(given.get("role")) or _owners(_texts(given.get("type")))
    used = named | {one.owner for one in manifest.exceptions.values()}
    used |= set() if manifest.process_owner is None else {manifest.process_owner}
    yield from (
        f"the workflow names the role {one}, which the manifest does not have"
        for one in sorted(named - manifest.roles.keys())
    )
    yield from (f"nothing is done by the role {one}" for one in sorted(manifest.roles.keys() - used))


def _files(package: Package) -> Iterator[str]:
    workflow = package.folder / "workflow.yaml"
    document = reader.read(workflow.read_text(encoding="utf-8"), filename=str(workflow)).value
    asked = {name for _, name in named_forms.named(document)}
    yield from (f"no task asks for the form {one}" for one in sorted(package.forms.keys() - asked))
    told = {name for _, name in named_forms.told(document)}
    yield from _both(
        told, package.mails, "the workflow names the mail {}, which is no file", "no notice is the mail {}"
    )
    runbooks = {f"runbooks/{one.name}" for one in (package.folder / "runbooks").glob("*.md")}
    named = {one.runbook for one in package.manifest.exceptions.values()}
    yield from _both(named, runbooks, "{} is no file of the package", "no exception has the runbook {}")


def _events(package: Package, workflow: Workflow) -> Iterator[str]:
    heard, said = set[str](), set[str]()
    if workflow.schedule is not None and workflow.schedule.on is not None:
        heard |= _heard(workflow.schedule.on)
    for task in workflow.tasks.values():
        if isinstance(task, ListenTask):
            heard |= _heard(task.to)
        if isinstance(task, EmitTask):
            said |= _texts(members(task.event).get("type"))
    events = package.manifest.events
    known = "which the manifest does not say"
    yield from _both(heard, events.consumes, f"it consumes {{}}, {known}", "it never consumes {}")
    yield from _both(said, events.emits, f"it emits {{}}, {known}", "it never emits {}")


def _heard(consumption: Consumption) -> set[str]:
    found = set[str]().union(*(_type(one) for one in consumption.filters))
    return found | _heard(consumption.until) if isinstance(consumption.until, Consumption) else found


def _type(one: EventFilter) -> set[str]:
    return _texts(dict(one.attributes).get("type"))


def _both(named: Iterable[str], there: Iterable[str], missing: str, idle: str) -> Iterator[str]:
    yield from (missing.format(one) for one in sorted(set(named) - set(there)))
    yield from (idle.format(one) for one in sorted(set(there) - set(named)))


def _owners(types: set[str]) -> set[str]:
    """Who looks after the shipped types of holds."""
    return {one.role for one in kinds.SHIPPED if one.name in types}


def _of_steps(deadline: Template | None) -> set[str]:
    steps = None if deadline is None else members(deadline).get("steps")
    return set[str]().union(*(_texts(members(one).get("role")) for one in _items(steps)))


def _of_form(form: Template | None) -> set[str]:
    """Roles that a form names with its fields."""
    fields = form.value.get("fields", {}) if isinstance(form, Constant) and isinstance(form.value, dict) else {}
    rights = [one.get(right) or [] for one in fields.values() for right in ("read", "write")]
    return {role for each in rights for role in each}


def _texts(template: Template | None) -> set[str]:
    """What is written out; of an expression nothing."""
    return {template.value} if isinstance(template, Constant) and isinstance(template.value, str) else set()


def _items(template: Template | None) -> list[Template]:
    if isinstance(template, ListTemplate):
        return list(template.items)
    value: Any = template.value if isinstance(template, Constant) else None
    return [Constant(one) for one in value] if isinstance(value, list) else []


def members(template: Template) -> Mapping[str, Template]:
    """Of an object that is written out, at least by its names."""
    if isinstance(template, MapTemplate):
        return dict(template.members)
    value: Any = template.value if isinstance(template, Constant) else None
    return {name: Constant(one) for name, one in value.items()} if isinstance(value, dict) else {}


def written_out(template: Template) -> Any:
    """What stands there; None in the place of an expression."""
    if isinstance(template, Constant):
        return template.value
    if isinstance(template, ListTemplate):
        return [written_out(one) for one in template.items]
    return {name: written_out(one) for name, one in template.members} if isinstance(template, MapTemplate) else None
