from __future__ import annotations

import subprocess
import sys

FOREIGN = ("aiohttp", "asyncio", "asyncpg", "sqlalchemy", "litestar", "dramatiq", "redis", "jq")


def test_the_interpreter_reaches_no_network_database_or_framework() -> None:
    program = (
        "import sys; import services.engine.interpreter, services.engine.decisions;"
        f"print([name for name in {FOREIGN!r} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
