"""A workflow document as the engine runs it: checked, names resolved, expressions found. Frozen; safe to share.

Source: DSL reference 1.0.3. What this version does not run yet is named in `readiness`.
"""

from template_library.dsl.model.calls import FunctionCallTask, HttpCallTask, ProtocolCallTask, Subscription
from template_library.dsl.model.events import (
    Consumption,
    Correlation,
    EmitTask,
    EventFilter,
    EventTrigger,
    Iterator,
    ListenTask,
)
from template_library.dsl.model.exceptions import ExceptionKind
from template_library.dsl.model.keys import RunKeys
from template_library.dsl.model.tasks import (
    Catch,
    DoTask,
    ForkTask,
    ForTask,
    RaiseTask,
    Retry,
    RunTask,
    SetTask,
    Subflow,
    SwitchCase,
    SwitchTask,
    TaskBase,
    TryTask,
    WaitTask,
)
from template_library.dsl.model.values import (
    NOTHING,
    Constant,
    Duration,
    Expression,
    ListTemplate,
    MapTemplate,
    Pattern,
    Resource,
    Schema,
    Template,
    Transform,
)
from template_library.dsl.model.workflow import Document, Extension, Schedule, Task, Workflow

__all__ = [
    "NOTHING",
    "Catch",
    "Constant",
    "Consumption",
    "Correlation",
    "DoTask",
    "Document",
    "Duration",
    "EmitTask",
    "EventFilter",
    "EventTrigger",
    "ExceptionKind",
    "Expression",
    "Extension",
    "ForTask",
    "ForkTask",
    "FunctionCallTask",
    "HttpCallTask",
    "Iterator",
    "ListTemplate",
    "ListenTask",
    "MapTemplate",
    "Pattern",
    "ProtocolCallTask",
    "RaiseTask",
    "Resource",
    "Retry",
    "RunKeys",
    "RunTask",
    "Schedule",
    "Schema",
    "SetTask",
    "Subflow",
    "Subscription",
    "SwitchCase",
    "SwitchTask",
    "Task",
    "TaskBase",
    "Template",
    "Transform",
    "TryTask",
    "WaitTask",
    "Workflow",
]
