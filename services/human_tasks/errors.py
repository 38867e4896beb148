from __future__ import annotations

from infra.problems import Conflict, Forbidden, Invalid


class TaskChanged(Conflict):
    """Somebody acted on it since you saw it. Read it again and decide."""

    name = "task-changed"
    title = "The task has changed"


class TaskTaken(Conflict):
    """Somebody else has it in hand. Ask them to release it, or have it reassigned."""

    name = "task-taken"
    title = "Somebody else has the task"


class TaskOver(Conflict):
    """It is closed, or its run has ended, and nothing waits for it any more. Read it: it says what became of it."""

    name = "task-over"
    title = "The task is over"


class NotYourTask(Forbidden):
    """It is in the queue of a role that you do not have, nor does anybody whose substitute you are."""

    name = "not-your-task"
    title = "The task is another role's"


class NoAuthority(Forbidden):
    """You may not take this decision; `detail` says what is lacking. Somebody with the authority has to."""

    name = "no-authority"
    title = "You have no authority for this decision"


class AuthorityUnknown(Conflict):
    """The task asks for an authority that nobody can judge here. An administrator sets the authority matrix."""

    name = "authority-unknown"
    title = "Nobody can judge who may decide this"


class AnswerRefused(Invalid):
    """What was filled in breaks the form; `errors` has each place."""

    name = "answer-refused"
    title = "The form is not filled in rightly"
