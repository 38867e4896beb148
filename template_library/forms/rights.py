"""Which fields of a form somebody may read and write, by the slugs of their roles."""

from __future__ import annotations

from collections.abc import Collection

from template_library.forms.form import Form


def readable(form: Form, roles: Collection[str]) -> frozenset[str]:
    """A field that names no roles is everybody's who has the task."""
    return frozenset(name for name in form.rules if _has(form.field(name).read, roles))


def writable(form: Form, roles: Collection[str]) -> frozenset[str]:
    """Always a part of what is readable."""
    return frozenset(name for name in readable(form, roles) if _has(form.field(name).write, roles))


def _has(named: Collection[str] | None, roles: Collection[str]) -> bool:
    return named is None or not set(named).isdisjoint(roles)
