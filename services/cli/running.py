"""What a running `waybill up` tells other commands, in `run/state.json` of its home (mode 0600)."""

from __future__ import annotations

import msgspec

from infra.embedded.home import Home, write_private
from infra.embedded.processes import Identity
from infra.embedded.stack import Endpoints
from infra.settings import Settings


class Portal(msgspec.Struct, frozen=True, kw_only=True):
    """A demo partner's portal and the account to sign in with, with its environment. Commands take the slugs."""

    host: str
    partner: str
    partner_slug: str
    client: str
    client_slug: str
    environment: str
    email: str
    password: str

    def __repr__(self) -> str:
        return f"Portal({self.host})"


class Demo(msgspec.Struct, frozen=True, kw_only=True):
    """The demo data's ways in. The names and the key are the first client's."""

    partner: str
    client: str
    environment: str
    api_key: str
    portals: tuple[Portal, ...] = ()


class State(msgspec.Struct, frozen=True, kw_only=True):
    """A running installation.

    Attributes:
        supervisor: the process of `waybill up`.
        children: by name; a restarted one has a new identity.
    """

    supervisor: Identity
    children: dict[str, Identity]
    endpoints: Endpoints
    api_url: str
    demo: Demo | None = None


def write(home: Home, state: State) -> None:
    """Publish `state`, in one step."""
    write_private(home.run / "state.json", msgspec.json.encode(state))


def clear(home: Home) -> None:
    """Nothing runs any more."""
    (home.run / "state.json").unlink(missing_ok=True)


def read(home: Home) -> State | None:
    """The state of the `waybill up` that runs in `home` now, None when none does."""
    try:
        state = msgspec.json.decode((home.run / "state.json").read_bytes(), type=State)
    except (OSError, msgspec.MsgspecError):
        return None
    return state if state.supervisor.alive() else None


def completed(settings: Settings) -> Settings:
    """`settings`, with what is unset taken from the `waybill up` that runs in the home.

    The demo's key is for this home's own API: it is never shown to another address.
    """
    state = read(Home(settings.home))
    if state is None:
        return settings
    known = {**msgspec.structs.asdict(state.endpoints), "api_url": state.api_url}
    if state.demo is not None and settings.api_url.rstrip("/") in {"", state.api_url}:
        known["api_key"] = state.demo.api_key
    missing = {name: value for name, value in known.items() if not getattr(settings, name)}
    return msgspec.structs.replace(settings, **missing)
