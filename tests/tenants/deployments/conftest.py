"""Deployments belong to tenants: their table is part of what the mapper must know."""

from __future__ import annotations

import tenants.organizations.models  # noqa: F401
