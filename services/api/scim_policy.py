"""What a directory asks of a service provider (RFC 7644, 3.2). Of its own people, whoever the key speaks for."""

from __future__ import annotations

from typing import Final

AT: Final = "/scim/v2/"
ROWS: Final = (
    ("GET", "ServiceProviderConfig"),
    ("GET", "ResourceTypes"),
    ("GET", "ResourceTypes/{resource_type}"),
    ("GET", "Schemas"),
    ("GET", "Schemas/{schema}"),
    ("GET", "Users"),
    ("POST", "Users"),
    ("GET", "Users/{user}"),
    ("PUT", "Users/{user}"),
    ("PATCH", "Users/{user}"),
    ("DELETE", "Users/{user}"),
    ("GET", "Groups"),
    ("GET", "Groups/{group}"),
    ("PUT", "Groups/{group}"),
    ("PATCH", "Groups/{group}"),
)
"""Method, and path below `AT`."""
