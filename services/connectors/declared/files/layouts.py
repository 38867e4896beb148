"""Which layout a part of a manifest names: one of the manifest's, or what a program gives."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from services.connectors.files import layout
from services.connectors.files.layout import Layout, LayoutRefused
from services.connectors.sdk.errors import Refusal

_ROWS_AS_THEY_ARE: Final = Layout(format="json-lines")


class Layouts:
    """Those of a manifest. Raises LayoutRefused where one of them cannot be."""

    def __init__(self, given: Mapping[str, Any]) -> None:
        self._known = {name: layout.read(one, name) for name, one in given.items()}

    def __contains__(self, name: object) -> bool:
        return name in self._known

    def found(self, value: Any) -> Layout:
        """The layout of that name, or that `value` is; JSON Lines of any members where it is null.

        Raises:
            Refusal: it is none.
        """
        if value is None:
            return _ROWS_AS_THEY_ARE
        if isinstance(value, str) and value in self._known:
            return self._known[value]
        if isinstance(value, str):
            detail = "There is no layout of this name. Look at the settings of the connection"
            raise Refusal(detail, name="configuration", title="The layout cannot be used")
        try:
            return layout.read(value)
        except LayoutRefused as refused:
            detail = f"The layout cannot be used: {refused.detail}. Look at the settings of the connection"
            raise Refusal(detail, name="configuration", title="The layout cannot be used") from refused
