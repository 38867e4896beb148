"""Calls. What a call may hold of secrets is in `sealed`, apart from all that is evaluated and stored before the call.

`sealed` is an object of the form of the function's arguments: evaluated at the moment of the call and laid over them,
objects member by member. Its value is stored nowhere.
"""

from __future__ import annotations

from typing import Literal as OneOf

import msgspec

from template_library.dsl.model.events import Iterator
from template_library.dsl.model.tasks import TaskBase
from template_library.dsl.model.values import NOTHING, Constant, Duration, Expression, Resource, Template


class HttpCallTask(TaskBase, frozen=True, kw_only=True):
    """`endpoint` is an expression or a URI template; `redirect` accepts 300 to 399 as success.

    `sealed` has perhaps `headers` and `authentication`.
    """

    method: Template
    endpoint: Template
    headers: Template = Constant({})
    query: Template = Constant({})
    body: Template | None = None
    format: OneOf["raw", "content", "response"] = "content"
    redirect: bool = False
    sealed: Template = NOTHING


class FunctionCallTask(TaskBase, frozen=True, kw_only=True):
    """A call of a function by name.

    Attributes:
        local: it is one of `use.functions`, and `body` its path.
        catalog: name of the catalogue that it is of; empty when it is local or called by its URL.
        source: None in the default catalogue. Else the root of the catalogue, or with an empty `catalog` the function's
            own document.
    """

    function: str
    arguments: Template
    local: bool
    body: str = ""
    catalog: str = ""
    source: Resource | None = None


class Subscription(msgspec.Struct, frozen=True, kw_only=True):
    """Which messages are taken of an AsyncAPI operation, and when it is enough.

    Attributes:
        filter: on each message.
        amount: of messages; an integer, or what evaluates to one.
        within: the longest time.
        while_, until: after each message, with `foreach` after its tasks; on the messages so far.
        forever: nothing here ends it, and `foreach` does all that is done: nobody reads what was.
    """

    filter: Expression | None = None
    amount: Template | None = None
    within: Duration | None = None
    while_: Expression | None = None
    until: Expression | None = None
    foreach: Iterator | None = None
    forever: bool = False


class ProtocolCallTask(TaskBase, frozen=True, kw_only=True):
    """A call of a function that the language knows itself.

    Attributes:
        arguments: `with`, every endpoint and external resource as an object with `uri`; without `authentication` and
            secret headers, which are in `sealed`, and without `subscription`.
    """

    protocol: OneOf["openapi", "grpc", "asyncapi", "a2a", "mcp"]
    arguments: Template
    sealed: Template = NOTHING
    subscription: Subscription | None = None
