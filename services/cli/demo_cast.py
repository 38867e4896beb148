"""Who plays in the demo: two partners with hosts and brands of their own, one of them a difficult brand on purpose."""

from __future__ import annotations

from typing import Final

import msgspec

from tenants.organizations.branding import Look


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """A partner with one client and one person who signs in.

    Attributes:
        key: begins the names of its files in the home's `secrets/`; empty for the first.
        partner, client: slug and name.
        environment: where its client works; the second is in `test`, so that both marks of the portal are seen.
    """

    key: str
    partner: tuple[str, str]
    client: tuple[str, str]
    environment: str
    host: str
    look: Look
    email: str
    person: str


_WAVES: Final = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 40 40"><title>Harbor</title>'
    '<rect width="40" height="40" rx="10" fill="#0b6e8a"/>'
    '<g fill="none" stroke="#ffffff" stroke-width="3" stroke-linecap="round">'
    '<path d="M8 17c4-5 8-5 12 0s8 5 12 0"/><path d="M8 25c4-5 8-5 12 0s8 5 12 0" opacity=".6"/></g></svg>'
)
_PEAKS: Final = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 40 40"><title>Summit</title>'
    '<rect width="40" height="40" rx="10" fill="#ffd60a"/>'
    '<path d="M6 30 16 13l6 9 3-4 9 12z" fill="#2b2300"/>'
    '<path d="m16 13-3.500 6 3 1.500 3.500-3z" fill="#fff8d6"/></svg>'
)

CAST: Final = (
    Part(
        key="",
        partner=("harbor-demo", "Harbor Demo Partner"),
        client=("acme-wholesale", "Acme Wholesale (demo)"),
        environment="live",
        host="harbor.localhost",
        look=Look(name="Harbor", accent="#0b6e8a", logo=_WAVES, support_email="help@harbor.example"),
        email="demo@harbor.example",
        person="Demo Operator",
    ),
    Part(
        key="summit-",
        partner=("summit-demo", "Summit Demo Partner"),
        client=("borealis-parts", "Borealis Parts & Industrial Supply (demo)"),
        environment="test",
        host="summit.localhost",
        look=Look(
            name="Summit Integration & Automation Services",
            accent="#ffd60a",
            font="humanist",
            logo=_PEAKS,
            support_email="operations-support@summit.example",
        ),
        email="demo@summit.example",
        person="Demonstration Operator with an Unusually Long Display Name",
    ),
)
