"""Whether an operation's effect fits the rest of it, and what its capability says."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, get_args

from services.connectors.capabilities.contracts import Contract
from services.connectors.declared.document import Document, Effect, OperationPart, Setting
from services.connectors.declared.mapping import pieces, template
from services.connectors.declared.mistakes import Mistake, near
from services.connectors.sdk.manifest import age
from services.engine.functions import EffectMode

_MODES: Final[frozenset[str]] = frozenset(get_args(EffectMode))
_SAFE: Final = frozenset({"GET", "HEAD"})


def mistakes(document: Document, part: OperationPart, contract: Contract | None, pointer: str) -> Iterator[Mistake]:
    effect, place = part.care, f"{pointer}/effect"
    modes = modes_of(document, effect)
    if not modes:
        yield Mistake(f"{place}/mode", f"its setting needs an `enum` of {', '.join(sorted(_MODES))}, or some of them")
    if contract is not None and contract.reads != (modes == {"read"}):
        right = "read" if contract.reads else "keyed, check-then-write or once-or-ask"
        yield Mistake(place, f"the capability {'reads' if contract.reads else 'writes'}: write {right}")
    if "read" in modes and len(modes) > 1:
        yield Mistake(place, "an operation reads or writes; a setting cannot decide that")
    yield from _needs(part, modes, pointer)
    yield from _kept(effect, modes, place)
    for member in (effect.mode, effect.key_valid_for):
        if isinstance(member, Setting) and member.setting not in document.settings.properties:
            close = near(member.setting, document.settings.properties)
            yield Mistake(place, f"there is no setting `{member.setting}`{close}")


def _needs(part: OperationPart, modes: frozenset[str], pointer: str) -> Iterator[Mistake]:
    """What each mode asks of the rest of its operation."""
    if "keyed" in modes and "key" not in _variables(part.request):
        yield Mistake(f"{pointer}/request", "a keyed operation sends `$key`, in a header, its path or its body")
    if "check-then-write" in modes and part.read_back is None:
        yield Mistake(pointer, "check-then-write needs `read_back`: how to look for what an earlier call did")
    if modes == {"read"} and part.read_back is not None:
        yield Mistake(f"{pointer}/read_back", "an operation that reads leaves nothing to look for")
    if modes == {"read"} and part.writes:
        yield Mistake(f"{pointer}/writes", "an operation that reads writes about nothing")
    looks = [(f"checks/{index}", one.request) for index, one in enumerate(part.checks)]
    looks += [(f"also/{name}", one) for name, one in part.also.items()]
    if part.read_back is not None:
        looks.append(("read_back", part.read_back.request))
        looks += [(f"read_back/also/{name}", one) for name, one in part.read_back.also.items()]
    for where, request in looks:
        if request is not None and request.method not in {*_SAFE, "POST"}:
            place = f"{pointer}/{where}/request/method"
            yield Mistake(place, "looking changes nothing: it is GET, HEAD, or a POST that reads")
    if modes and "read" not in modes:
        yield from _written(part, modes, pointer)
    elif part.before:
        yield Mistake(f"{pointer}/before", "an operation that reads writes nothing before")


def _written(part: OperationPart, modes: frozenset[str], pointer: str) -> Iterator[Mistake]:
    if not part.request.is_posted and part.request.method in _SAFE:
        yield Mistake(f"{pointer}/request", f"a write is no {part.request.method}: say which method it is")
    if part.pages is not None:
        yield Mistake(f"{pointer}/pages", "only what reads comes in pages")
    if part.also and modes != {"check-then-write"}:
        yield Mistake(f"{pointer}/also", "a write asks for more only where it is looked for first: check-then-write")
    if part.before and modes != {"check-then-write"}:
        yield Mistake(f"{pointer}/before", "what takes several writes is check-then-write: each repetition looks first")


def _kept(effect: Effect, modes: frozenset[str], place: str) -> Iterator[Mistake]:
    if isinstance(effect.key_valid_for, str):
        try:
            age(effect.key_valid_for)
        except ValueError as error:
            yield Mistake(f"{place}/key_valid_for", f"{error}; write one such as PT24H")
    if effect.evens_out and modes != {"check-then-write"}:
        yield Mistake(f"{place}/evens_out", "only check-then-write evens out what is written twice")
    if effect.key_valid_for is not None and "keyed" not in modes:
        yield Mistake(f"{place}/key_valid_for", "only keyed has keys that grow old")


def modes_of(document: Document, effect: Effect) -> frozenset[str]:
    """All modes that the operation may have; none where its setting says nothing usable."""
    if not isinstance(effect.mode, Setting):
        return frozenset({effect.mode})
    rule = document.settings.properties.get(effect.mode.setting, {})
    given = rule.get("enum", [])
    found = frozenset(one for one in [*given, effect.mode.default] if one is not None)
    return found if given and found <= _MODES else frozenset()


def _variables(part: Any) -> set[str]:
    """Those that any template of a request names."""
    found = template([part.query, part.headers], "").expressions
    # In a path each program stands for one part of it.
    path = part.path if part.file is None else f"{part.file.folder}{part.file.name}"
    places = [one.filled.template for one in pieces(path, "") if one.filled is not None]
    found = (*found, *(expression for one in places for expression in one.expressions))
    bodies: list[Any] = [part.body] if isinstance(part.body, dict | list | str) else []
    bodies += [part.graphql.variables] if part.graphql else []
    bodies += [part.json_rpc.params] if part.json_rpc else []
    bodies += [part.xml.body, part.xml.header] if part.xml else []
    bodies += [part.file.rows, part.file.head] if part.file else []
    bodies += [part.sql.values] if part.sql else []
    return {name for one in (*found, *template(bodies, "").expressions) for name in one.variables}
