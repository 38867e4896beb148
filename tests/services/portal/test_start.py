"""What the API's process does not load before somebody needs it."""

from __future__ import annotations

import subprocess
import sys

_LOOK = "import services.portal.app, sys; print(*{'webauthn', 'zxcvbn'} & set(sys.modules))"


def test_a_start_loads_nothing_that_only_passkeys_and_new_passwords_need() -> None:
    done = subprocess.run([sys.executable, "-c", _LOOK], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == ""
