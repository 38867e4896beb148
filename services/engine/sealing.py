"""What of a call's arguments may be secret: evaluated at the moment of the call, and stored nowhere (S-36). Pure."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from services.engine.activation import Activation
from services.engine.faults import Fault, standard
from services.engine.waits import Calling
from template_library.dsl import tokens
from template_library.dsl.model import NOTHING, HttpCallTask, MapTemplate, ProtocolCallTask, RunTask, Template


def names(activation: Activation) -> tuple[str, ...]:
    """The secrets that the innermost task's call uses."""
    return _names(_sealed(activation))


def _names(*templates: Template) -> tuple[str, ...]:
    """Of `$secrets` in templates, in which every name is written (see `programs.keeps_secrets_whole`)."""
    found = [one for template in templates for one in template.expressions if "secrets" in one.variables]
    return tuple(sorted({name for one in found for name in _mentioned(one.program)}))


@lru_cache(maxsize=1024)
def _mentioned(program: str) -> tuple[str, ...]:
    return tuple(mention.text for mention in tokens.scan(program).secrets)


async def arguments(activation: Activation, secrets: Mapping[str, Any], origins: Mapping[str, str]) -> dict[str, Any]:
    """The arguments of the current strand's open call with the sealed ones laid over them.

    Where secrets are bound to `origins`, those are laid in a policy, or beside `headers` or `parameters`.

    Raises:
        Fault: `authorization` for a secret that is not there; `expression`, without a word of what was evaluated.
    """
    wait = activation.strand.wait
    if not isinstance(wait, Calling):
        raise TypeError("no call is open")
    missing = [name for name in names(activation) if name not in secrets]
    if missing:
        raise Fault(standard("authorization", "Unknown secret", f"there is no secret {missing[0]!r} for this run"))
    template, value = _sealed(activation), activation.top.value
    given = {"input": value, "secrets": dict(secrets)}
    try:
        if _uses_authorization(template):
            given["authorization"] = _authorization(await activation.render(_policy(template), value, **given))
        sealed = await activation.render(template, value, **given)
    except Fault as fault:
        detail = "an expression in the authentication or a header of the call failed; its details stay hidden"
        raise Fault(standard("expression", fault.error.title, detail)) from None
    if origins:
        sealed = _laid_over(sealed, _bound(template, _policy(template), origins))
    whole: dict[str, Any] = _laid_over(wait.effect.arguments, sealed)
    return whole


def _bound(template: Template, policy: Template, origins: Mapping[str, str]) -> dict[str, Any]:
    """`origins` for each part of a sealed template, in its form. `policy` is what `$authorization` is made of."""
    found: dict[str, Any] = {}
    for name, member in template.members if isinstance(template, MapTemplate) else ():
        if name in {"authentication", "headers", "parameters"}:
            is_of_policy = name == "headers" and _uses_authorization(member)
            bound = sorted({
                origins[one] for one in _names(member, policy if is_of_policy else NOTHING) if one in origins
            })  # fmt: skip
            if bound:
                found |= {name: {"origins": bound}} if name == "authentication" else {"origins": bound}
        elif inner := _bound(member, policy, origins):
            found[name] = inner
    return found


def _policy(template: Template) -> Template:
    members = dict(template.members) if isinstance(template, MapTemplate) else {}
    return members.get("authentication", NOTHING)


def _uses_authorization(template: Template) -> bool:
    return any("authorization" in one.variables for one in template.expressions)


def _authorization(policy: Any) -> dict[str, str] | None:
    """`$authorization`, where it is known before the call: not of tokens that the call itself asks for."""
    for scheme, members in policy.items():
        if scheme == "bearer":
            return {"scheme": "Bearer", "parameter": members["token"]}
        if scheme == "basic":
            pair = f"{members['username']}:{members['password']}"
            return {"scheme": "Basic", "parameter": base64.b64encode(pair.encode()).decode()}
        return {"scheme": "Digest" if scheme == "digest" else "Bearer"}
    return None


def _sealed(activation: Activation) -> Template:
    task = activation.task_of(activation.top)
    return task.sealed if isinstance(task, HttpCallTask | ProtocolCallTask | RunTask) else NOTHING


def _laid_over(below: Any, above: Any) -> Any:
    if not (isinstance(below, dict) and isinstance(above, dict)):
        return above
    return {**below, **{name: _laid_over(below.get(name), member) for name, member in above.items()}}
