from __future__ import annotations

import pytest

from infra.mail.server import Server
from infra.settings import BadSetting, load

SET = {"WAYBILL_MAIL_HOST": "mail.example", "WAYBILL_MAIL_GREETING": "out.mail.example"}
SIGNED_IN = {**SET, "WAYBILL_MAIL_USER": "waybill", "WAYBILL_MAIL_PASSWORD": "correct horse"}


def test_without_a_host_there_is_no_server() -> None:
    assert Server.of(load({})) is None


def test_a_server_is_spoken_to_with_STARTTLS_unless_somebody_says_otherwise() -> None:
    server = Server.of(load(SIGNED_IN))
    assert server is not None
    assert (server.port, server.security, server.greets_as) == (587, "starttls", "out.mail.example")
    assert "correct" not in repr(server)


@pytest.mark.parametrize(
    ("given", "names"),
    [
        ({**SET, "WAYBILL_MAIL_GREETING": "a.example\r\nMAIL FROM:<x@y>"}, "WAYBILL_MAIL_GREETING"),
        ({**SET, "WAYBILL_MAIL_USER": "waybill"}, "WAYBILL_MAIL_PASSWORD"),
        ({**SET, "WAYBILL_MAIL_PASSWORD": "correct horse"}, "WAYBILL_MAIL_PASSWORD"),
        ({**SIGNED_IN, "WAYBILL_MAIL_SECURITY": "none"}, "WAYBILL_MAIL_SECURITY"),
        ({**SET, "WAYBILL_MAIL_SECURITY": "ssl"}, "WAYBILL_MAIL_SECURITY"),
    ],
)
def test_what_would_send_in_the_clear_or_say_more_stops_the_process(given: dict[str, str], names: str) -> None:
    with pytest.raises(BadSetting, match=names) as refused:
        load(given)
    assert "correct" not in str(refused.value)
