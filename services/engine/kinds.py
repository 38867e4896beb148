"""What running each kind of task means: how it begins, and what follows when its list of tasks is through."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Final

from services.engine.activation import Activation
from services.engine.tasks import (
    call_task,
    do_task,
    emit_task,
    for_task,
    fork_task,
    listen_task,
    protocol_task,
    raise_task,
    run_task,
    set_task,
    switch_task,
    try_task,
    wait_task,
)
from services.engine.tasks.outcome import Outcome
from template_library.dsl.model import (
    DoTask,
    EmitTask,
    ForkTask,
    ForTask,
    FunctionCallTask,
    HttpCallTask,
    ListenTask,
    ProtocolCallTask,
    RaiseTask,
    RunTask,
    SetTask,
    SwitchTask,
    Task,
    TryTask,
    WaitTask,
)

Verb = Callable[[Any, Activation], Awaitable[Outcome]]

RUN: Final[dict[type[Task], Verb]] = {
    DoTask: do_task.run,
    EmitTask: emit_task.run,
    ForTask: for_task.run,
    ForkTask: fork_task.run,
    FunctionCallTask: call_task.run_function,
    HttpCallTask: call_task.run_http,
    ListenTask: listen_task.run,
    ProtocolCallTask: protocol_task.run,
    RaiseTask: raise_task.run,
    RunTask: run_task.run,
    SetTask: set_task.run,
    SwitchTask: switch_task.run,
    TryTask: try_task.run,
    WaitTask: wait_task.run,
}
AGAIN: Final[dict[type[Task], Verb]] = {
    ForTask: for_task.again,
    ListenTask: listen_task.again,
    ProtocolCallTask: protocol_task.again,
}
"""Kinds that may run their list once more. The others are through with it."""
LEAVE: Final[dict[type[Task], Callable[[Activation], None]]] = {
    ForTask: for_task.leave,
    ListenTask: listen_task.leave,
    ProtocolCallTask: protocol_task.leave,
}
"""What `exit` inside the list changes, beside leaving it."""
