"""Makes a user of Tryton: `venv/bin/python person.py CONFIG DATABASE LOGIN GROUP…`, in Tryton's own environment."""

from __future__ import annotations

import sys

from proteus import Model  # type: ignore[import-not-found]
from proteus import config as proteus_config
from trytond.modules.company.tests.tools import get_company  # type: ignore[import-not-found]

PASSWORD = "connector-pass-for-tests"  # noqa: S105 (a database made for tests, on loopback)


if __name__ == "__main__":
    proteus_config.set_trytond(sys.argv[2], user="admin", config_file=sys.argv[1])
    person = Model.get("res.user")(name=sys.argv[3], login=sys.argv[3])
    person.password = PASSWORD
    for name in sys.argv[4:]:
        person.groups.append(Model.get("res.group").find([("name", "=", name)])[0])
    person.companies.append(get_company())
    person.company = get_company()
    person.save()
