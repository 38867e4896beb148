"""Values of parameters as text (OpenAPI 3.1, Style Values; RFC 6570)."""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import quote

from services.engine import values
from services.protocols import errors
from services.protocols.contents import text
from services.protocols.openapi.operation import Parameter

# Of the reserved ones those that mean nothing more in a query (OpenAPI 3.1.1, allowReserved).
_RESERVED: Final = ":/?@!$'()*,;="
_DELIMITERS: Final = {"spaceDelimited": "%20", "pipeDelimited": "%7C", "tabDelimited": "%09"}


def in_path(parameter: Parameter, value: Any) -> str:
    """The text that takes the place of `{name}`."""
    if parameter.is_json:
        return _encoded(parameter, values.encode(value).decode())
    name = quote(parameter.name, safe="")
    if parameter.style == "matrix":
        if parameter.explode and isinstance(value, dict | list):
            return "".join(f";{key}={one}" for key, one in _pairs(parameter, value))
        return f";{name}={_joined(parameter, value, ',')}"
    prefix = "." if parameter.style == "label" else ""
    if parameter.explode and isinstance(value, dict):
        return prefix + (prefix or ",").join(f"{key}={one}" for key, one in _pairs(parameter, value))
    return prefix + _joined(parameter, value, "." if prefix and parameter.explode else ",")


def in_header(parameter: Parameter, value: Any) -> str:
    """Comma-separated, unescaped as headers are."""
    if parameter.is_json:
        return values.encode(value).decode()
    if isinstance(value, dict):
        mark = "=" if parameter.explode else ","
        return ",".join(f"{key}{mark}{text(one)}" for key, one in value.items())
    return ",".join(map(text, value)) if isinstance(value, list) else text(value)


def in_query(parameter: Parameter, value: Any) -> list[str]:
    """`name=value` pairs, escaped; for cookies too."""
    name = quote(parameter.name, safe="")
    if parameter.is_json:
        return [f"{name}={_encoded(parameter, values.encode(value).decode())}"]
    if parameter.style == "deepObject" and isinstance(value, dict):
        return list(_deep(parameter, name, value))
    if isinstance(value, dict | list) and not value:
        return []
    if parameter.explode and isinstance(value, dict | list):
        return [f"{key}={one}" for key, one in _pairs(parameter, value)]
    return [f"{name}={_joined(parameter, value, _DELIMITERS.get(parameter.style, ','))}"]


def _deep(parameter: Parameter, name: str, value: dict[str, Any]) -> list[str]:
    """`name[key]=value`; what is nested more is nested in brackets."""
    pairs: list[str] = []
    for key, one in value.items():
        inner = f"{name}[{quote(key, safe='')}]"
        if isinstance(one, dict):
            pairs += _deep(parameter, inner, one)
        elif isinstance(one, list):
            pairs += [f"{inner}={_scalar(parameter, member)}" for member in one]
        elif one is not None:
            pairs.append(f"{inner}={_scalar(parameter, one)}")
    return pairs


def _pairs(parameter: Parameter, value: dict[str, Any] | list[Any]) -> list[tuple[str, str]]:
    if isinstance(value, list):
        return [(quote(parameter.name, safe=""), _scalar(parameter, one)) for one in value]
    return [(quote(key, safe=""), _scalar(parameter, one)) for key, one in value.items() if one is not None]


def _joined(parameter: Parameter, value: Any, delimiter: str) -> str:
    if isinstance(value, list):
        return delimiter.join(_scalar(parameter, one) for one in value)
    if isinstance(value, dict):
        return delimiter.join(part for pair in _pairs(parameter, value) for part in pair)
    return _scalar(parameter, value)


def _scalar(parameter: Parameter, value: Any) -> str:
    if isinstance(value, dict | list):
        detail = f"the parameter {parameter.name!r} is nested deeper than its style {parameter.style!r} can say"
        raise errors.configuration("Unusable parameter", detail)
    return _encoded(parameter, "" if value is None else text(value))


def _encoded(parameter: Parameter, plain: str) -> str:
    return quote(plain, safe=_RESERVED if parameter.reserved and parameter.place == "query" else "")
