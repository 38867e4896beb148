"""SQL takes values as parameters only: none is built from text (S-16)."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import Final

from tests.house.tree import parsed, place, python_files, relative, strings

_SQL: Final = re.compile(
    r"^\s*(?:SELECT|INSERT\s+INTO|UPDATE\s|DELETE\s+FROM|MERGE\s|WITH\s|CREATE\s|ALTER\s|DROP\s|GRANT\s|REVOKE\s|"
    r"TRUNCATE\s|SET\s|RESET\s|COPY\s|CALL\s|DO\s|BEGIN|COMMENT\s|LISTEN\s|NOTIFY\s|VACUUM|REINDEX\s)"
)

# Where statements are put together from text of ours, and what that text is.
ALLOWED: Final = {
    "infra/database/opening.py": "BEGIN with the scope's statement, so that no statement can run between the two",
    "infra/database/scope.py": "the scope's settings: UUIDs made from UUID objects",
    "infra/database_preparation.py": "names of roles and databases, which take no parameters",
    "infra/database_roles.py": "names of roles, which take no parameters; passwords as SCRAM verifiers",
    "infra/embedded/cluster.py": "the password of the superuser as a SCRAM verifier, which takes no parameter",
    "infra/migrate.py": "the lock timeout, a constant",
    "services/archives/exporting.py": "names of tables and columns as the catalogue has them; values are parameters",
    "services/engine/journal.py": "the numbers of the parameters",
}


def _is_sql(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str) and bool(_SQL.match(node.value))


def _is_built(node: ast.AST) -> bool:
    """An f-string with a hole, a concatenation with something that is no constant, `%` or `.format` on SQL."""
    if isinstance(node, ast.JoinedStr):
        has_hole = any(isinstance(part, ast.FormattedValue) for part in node.values)
        return has_hole and _is_sql(node.values[0])
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Mod):
        return _is_sql(node.left)
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in {"format", "join", "replace"}
        and _is_sql(node.func.value)
    )


def _built(file: Path) -> list[int]:
    return [node.lineno for node in ast.walk(parsed(file)) if isinstance(node, ast.expr) and _is_built(node)]


def test_S_16_no_statement_is_built_from_text() -> None:
    found = [place(file, line) for file in python_files() if relative(file) not in ALLOWED for line in _built(file)]
    assert not found, f"pass values as parameters: {found}"


def test_S_16_text_of_the_toolkit_is_given_a_constant() -> None:
    found = [
        place(file, node.lineno)
        for file in python_files()
        if relative(file) not in ALLOWED
        for node in ast.walk(parsed(file))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == "text"
        and node.args
        and isinstance(node.args[0], ast.JoinedStr | ast.BinOp)
    ]
    assert not found, f"pass values as parameters: {found}"


def test_the_list_of_exceptions_holds_nothing_that_became_needless() -> None:
    assert not ALLOWED.keys() - {relative(file) for file in python_files() if _built(file)}


# Who writes rows of a tenant's audit by a statement of its own; everybody else calls one of these.
WRITERS: Final = {
    "tenants/audit/writing.py": "the one for all",
    "services/engine/starter.py": "runs of a whole batch begin in one statement with their rows",
}


def test_rows_of_a_tenants_audit_are_written_by_one_function() -> None:
    found = {
        relative(file) for file in python_files() for one in strings(file) if "INSERT INTO app.audit " in str(one.value)
    }
    assert found == WRITERS.keys()
