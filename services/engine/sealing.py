"""What of a call's arguments may be secret: evaluated at the moment of the call, and stored nowhere (S-36). Pure."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

from services.engine.activation import Activation
from services.engine.faults import Fault, standard
from services.engine.rendering import expressions
from services.engine.waits import Calling
from template_library.dsl.model import NOTHING, HttpCallTask, MapTemplate, ProtocolCallTask, RunTask, Template


def names(activation: Activation) -> tuple[str, ...]:
    """The secrets that the innermost task's call may use: all of its workflow's, or none."""
    used = any("secrets" in one.variables for one in expressions(_sealed(activation)))
    return activation.workflow.secrets if used else ()


async def arguments(activation: Activation, secrets: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments of the current strand's open call with the sealed ones laid over them.

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
        if isinstance(template, MapTemplate) and any("authorization" in one.variables for one in expressions(template)):
            policy = dict(template.members).get("authentication", NOTHING)
            given["authorization"] = _authorization(await activation.render(policy, value, **given))
        sealed = await activation.render(template, value, **given)
    except Fault as fault:
        detail = "an expression in the authentication or a header of the call failed; its details stay hidden"
        raise Fault(standard("expression", fault.error.title, detail)) from None
    whole: dict[str, Any] = _laid_over(wait.effect.arguments, sealed)
    return whole


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
