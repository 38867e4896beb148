"""Problem details (RFC 9457): the one form of every error that leaves the product.

A package names its errors as subclasses, raises them where the fact is known, and the edge renders them once.
Types are references relative to the answering host (`/problems/not-found`): a partner's brand stands on its own
hosts and no other name may show, yet the same problem has the same type everywhere (ADR 0006).
"""

from __future__ import annotations

from typing import Any, ClassVar, Final, Self

BASE: Final = "/problems/"
MEDIA_TYPE: Final = "application/problem+json"


class Problem(Exception):
    """An error that a caller is told about. `detail` says what to do; it never holds a secret, SQL or a path.

    Attributes:
        name: last part of the type reference, kebab case, stable for ever.
        title: short, the same for each occurrence.
        status: HTTP status code.
        media_type: of the document; another one only where a standard asks for it.
        headers: extra response headers, such as `Retry-After` (seconds).
        extensions: further members of the problem document.
    """

    name: ClassVar[str] = "internal-error"
    title: ClassVar[str] = "Something failed on our side"
    status: ClassVar[int] = 500
    media_type: ClassVar[str] = MEDIA_TYPE

    def __init__(self, detail: str = "", *, headers: dict[str, str] | None = None, **extensions: Any) -> None:
        super().__init__(detail or self.title)
        self.detail = detail or self.title
        self.headers = headers or {}
        self.extensions = extensions

    def document(self) -> dict[str, Any]:
        """The problem as members of an `application/problem+json` body."""
        members = {"type": BASE + self.name, "title": self.title, "status": self.status, "detail": self.detail}
        return {**self.extensions, **members}


class BadRequest(Problem):
    """The request cannot be read. The caller corrects its form and sends again."""

    name = "bad-request"
    title = "The request cannot be read"
    status = 400


class Unauthorized(Problem):
    """No valid credential. The caller sends a live API key as a bearer token."""

    name = "unauthorized"
    title = "A valid API key is needed"
    status = 401


class Forbidden(Problem):
    """The caller is known but lacks the permission that `detail` names."""

    name = "forbidden"
    title = "This is not allowed"
    status = 403


class NotFound(Problem):
    """Nothing there, or nothing that this caller may see: the two are never told apart (S-01)."""

    name = "not-found"
    title = "Nothing is here"
    status = 404


class Conflict(Problem):
    """The state of the thing forbids the change. The caller reads it again and decides."""

    name = "conflict"
    title = "The present state forbids this"
    status = 409


class NameTaken(Conflict):
    """Another one of its kind has this name; `detail` says of which. Choose another name, or change that one."""

    name = "name-taken"
    title = "The name is taken"


class Invalid(Problem):
    """The payload is well formed but breaks a rule. `errors` lists `{pointer, detail}` (RFC 6901 pointers)."""

    name = "invalid-payload"
    title = "The payload breaks a rule"
    status = 422

    @classmethod
    def at(cls, pointer: str, detail: str) -> Self:
        """One place breaks it; `pointer` is empty for the whole payload."""
        return cls(detail, errors=[{"pointer": pointer, "detail": detail}])


class Unavailable(Problem):
    """What answers is away or has no room; nothing was stored, unless `detail` says so. Send the same again."""

    name = "unavailable"
    title = "Temporarily unavailable"
    status = 503

    def __init__(self, detail: str = "", *, retry_after: int = 2, **extensions: Any) -> None:
        super().__init__(detail, headers={"Retry-After": str(retry_after)}, **extensions)
