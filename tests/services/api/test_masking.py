"""What a reader with `payloads:masked` gets to see (S-05, S-72)."""

from __future__ import annotations

import time
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.api.masking import MASK, is_sensitive, masked, masked_error, masked_line
from services.engine import values
from services.engine.functions import STANDARD_ERRORS


def shown(value: Any) -> Any:
    return values.decode(bytes(masked(values.encode(value).decode())), depth=80)


def words(text: str) -> list[str]:
    return text.split()


SENSITIVE = words("""
password Password PASSWORD userPassword user_password user-password db.password pass passphrase Pass-Phrase
\uff50\uff41\uff53\uff53word
pass\u200bword contraseña p\u0430ssword X-API-Key apiKey APIKEY api_key client_secret clientSecret accessToken
ACCESS_TOKEN token tokens sessionToken Authorization Proxy-Authorization credentials signature set-cookie
email e_mail E-Mail emailAddress customerEmail useremail EMAIL_ADDRESSES correo phone telephone phone_number mobilePhone
tel fax
address addressLine1 shipping_address IPAddress street straße postal_code postcode zip ZipCode city ship_to shipTo
SHIP-TO billTo sold_to name names firstName last_name fullName contact_name customerName vorname Ansprechpartnername
contact
contacts recipient iban IBAN bic swift_code bankAccount account_number card_number cvv taxId tax-id vat vat_id VATNumber
ssn date_of_birth birthDate note notes comment comments customerComments remarks memo delivery_instructions freeText
Адрес 名前 driver drivers truckDriver attn ATTN attention attention-to buyer buyerContact owner account_owner user
users user_id login salary base-salary wages line1 line2 line_1 addressLine2 addr1 consignee consigneeName recipient
recipients sales_rep salesPerson approvedBy created_by requester assignee employee employees manager person sender
receiver careOf suite ip
""")
HARMLESS = words("""
number customer currency lines item quantity unit_price amount total order reference customer_reference channel limit
available exposure found sufficient requested released holds hold type reason state id sku description attempt seconds
ordered_at requested_ship_date ship_total business relationship_type number_of_lines status title instance
item_name productName warehouse_name is_backordered shipment packaging usage agent image
line line_total pipeline salesOrder sales_order sales_channel shipping_method
""")


@pytest.mark.parametrize("name", SENSITIVE)
def test_S_72_a_sensitive_name_is_known_in_any_case_and_with_any_separator(name: str) -> None:
    assert is_sensitive(name)
    assert is_sensitive(f"customer_{name}")
    for value in ("x", 5, 1.5, True, [1, ["x"]], {"a": {"b": 1}}):
        assert "x" not in str(shown({"a": [{name: value}]})).replace(name, "")
    assert shown({name: 4111111111111111}) == {name: MASK}


@pytest.mark.parametrize("name", HARMLESS)
def test_a_name_that_tells_of_business_and_not_of_people_stays(name: str) -> None:
    assert not is_sensitive(name)
    assert shown({name: "PO-20260131001"}) == {name: "PO-20260131001"}


def test_the_shape_stays_and_so_do_the_digits_of_what_is_shown() -> None:
    text = (
        '{"number":"PO-1","total":{"amount":17890,"exact":1.10},"ship_to":{"name":"Jo","lines":["a",null,7],"ok":true},'
        '"lines":[{"item":"SKU-1","notes":""}],"none":null,"email":null,"big":123456789012345678901234567890}'
    )
    expected = (
        f'{{"number":"PO-1","total":{{"amount":17890,"exact":1.10}},"ship_to":{{"name":"{MASK}","lines":["{MASK}",null,'
        f'"{MASK}"],"ok":"{MASK}"}},"lines":[{{"item":"SKU-1","notes":"{MASK}"}}],"none":null,"email":null,'
        '"big":123456789012345678901234567890}'
    )
    assert values.decode(bytes(masked(text))) == values.decode(expected)
    assert b"123456789012345678901234567890" in bytes(masked(text))
    assert masked(None) is None


@pytest.mark.parametrize(
    "value",
    [
        {"name": "email", "value": "LEAK"},
        {"headers": [{"key": "Authorization", "value": "LEAK"}]},
        {"fields": [{"field": "api_key", "values": ["LEAK"]}]},
        {"label": "Phone", "content": "LEAK"},
        {"body": '{"password": "LEAK", "order": "PO-1"}'},
        {"body": ' [{"inner": "{\\"secret\\": \\"LEAK\\"}"}]'},
        {"url": "https://erp.example/a?token=LEAK&b=1"},
        {"url": "https://user:LEAK@erp.example/a"},
        {"form": "user=1&password=LEAK"},
        {"reason": "ask LEAK@example.com about it"},
        {"reason": "(LEAK@example.com)"},
        {"line": "Authorization: Bearer LEAK123456"},
        {"line": "eyJLEAKLEAKLEAK.eyJLEAKLEAK.LEAKLEAK"},
        {"LEAK@example.com": 1, "LEAK2@example.com": 2},
        {"ship_to": {"LEAK@example.com": {"a": "LEAK"}}},
        {"n" * 300: "LEAK"},
        {"attachment": "LEAK" * 2_000},
        {"url": "https://erp.example/a?q=LEAK%40example.com&b=1"},
        {"path": "/people/LEAK%2540example.com/orders"},
        {"path": "/people/LEAK%2Borders%40example.com/orders"},
        {"LEAK%40example.com": 1},
        {"customer": "Ms LEAK"},
        {"customer": "Leak-LEAKson"},
        {"erpCustomer": "Jo LEAK"},
        {"customers": ["ACME-001", "Jo LEAK"]},
        {"customer": {"code": "ACME-001", "attn": "LEAK", "line1": "LEAK", "login": "LEAK"}},
        {"message": "LEAK"},
        {"text": "LEAK"},
    ],
)
def test_S_72_a_sensitive_value_is_found_where_its_name_is_not_its_own(value: Any) -> None:
    assert "LEAK" not in values.encode(shown(value)).decode()


def test_S_72_numbers_of_telephones_and_accounts_are_known_by_their_looks() -> None:
    text = "call +1 555 010 0000 or pay to DE89 3704 0044 0532 0130 00, order PO20260131001234"
    assert shown(text) == f"call {MASK} or pay to {MASK}, order PO20260131001234"


@pytest.mark.parametrize("code", ["ACME-001", "10023", "ACME", "C-00042", "acme7", "K/2026.1", "", 10023, None])
def test_a_customers_code_is_shown_since_orders_are_looked_for_by_it(code: Any) -> None:
    for name in ("customer", "Customer", "erp_customer", "supplier", "soldCustomer"):
        assert shown({name: code}) == {name: code}
    assert shown({"customers": [code]}) == {"customers": [code]}


def test_of_a_customer_with_members_those_about_people_and_places_are_masked() -> None:
    customer = {
        "code": "ACME-001", "name": "Jo Doe", "address": {"line1": "17 Example Street", "country": "US"},
        "credit": {"limit": {"amount": 5, "currency": "USD"}}, "buyer": "Jo", "user": 7,
    }  # fmt: skip
    assert shown({"customer": customer}) == {
        "customer": {
            "code": "ACME-001", "name": MASK, "address": {"line1": MASK, "country": MASK},
            "credit": {"limit": {"amount": 5, "currency": "USD"}}, "buyer": MASK, "user": MASK,
        }
    }  # fmt: skip


def test_a_name_that_is_masked_itself_hides_no_other() -> None:
    found = shown({"a@b.example": 1, "c@d.example": 2, "e": 3})
    assert list(found.values()) == [1, 2, 3]


def test_an_errors_sentence_may_quote_the_payload_and_goes() -> None:
    error = {"type": f"{STANDARD_ERRORS}validation", "status": 400, "title": "It breaks", "detail": "'LEAK'"}
    assert values.decode(bytes(masked_error(values.encode(error).decode()))) == {**error, "detail": MASK}
    unfit = {**error, "instance": "/input"}
    for place, kept in {
        " (at /lines/0/unit_price)": " (at /lines/0/unit_price)",
        " (at /jo@example.com)": "",
        " (at /lines/LEAK now)": "",
        " (at /4111111111111111)": "",
        "": "",
    }.items():
        text = values.encode({**unfit, "detail": f"'LEAK' is no number{place}"}).decode()
        assert values.decode(bytes(masked_error(text)))["detail"] == MASK + kept
    at_a_task = values.encode({**unfit, "instance": "/do/0/check", "detail": "'LEAK' (at /lines/0)"}).decode()
    assert values.decode(bytes(masked_error(at_a_task)))["detail"] == MASK
    line = values.encode({"error": error, "output": {"detail": "stays"}}).decode()
    assert values.decode(bytes(masked_line(line))) == {
        "error": {**error, "detail": MASK},
        "output": {"detail": "stays"},
    }
    assert masked_error(None) is None
    assert masked_line(None) is None
    assert masked_line("[1]") == msgspec.Raw(b"[1]")


def test_S_72_what_a_raise_computed_goes_with_its_title_and_type() -> None:
    error = {"type": "https://x.example/LEAK", "status": 400, "title": "Refused for LEAK", "instance": "/do/0/a"}
    kept = {"type": "about:blank", "status": 400, "title": MASK, "instance": "/do/0/a"}
    assert values.decode(bytes(masked_error(values.encode(error).decode()))) == kept


def test_what_cannot_be_read_is_not_shown() -> None:
    assert masked("{") == MASK
    assert masked(f'["{"a" * 300_000}"]') == MASK
    assert masked("[" * 200 + "]" * 200) == MASK


KEYS = st.sampled_from([*SENSITIVE, *HARMLESS]) | st.text(max_size=8)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=25,
)


def shape(value: Any) -> Any:
    if isinstance(value, dict):
        return [shape(member) for member in value.values()]
    return [shape(item) for item in value] if isinstance(value, list) else value is None


@given(JSON)
def test_masking_keeps_the_shape_and_changes_nothing_twice(value: Any) -> None:
    once = shown(value)
    assert shape(once) == shape(value)
    assert shown(once) == once


@pytest.mark.parametrize(
    "part",
    [
        "a",
        "@",
        "%40",
        "%25",
        "a%40",
        "%2",
        "%a1",
        "eyJ-",
        "a=",
        "+1 ",
        "DE12 ",
        "bearer ",
        "basic ",
        "://",
        "a@",
        "=",
        "{",
        "ab12",
    ],
)
def test_S_25_a_hostile_text_costs_no_more_than_its_length(part: str) -> None:
    text = part * (4_096 // len(part))
    began = time.process_time()
    for _ in range(16):
        shown({"a": text})
    assert time.process_time() - began < 10  # 64 KiB on a slow processor; 1 MiB in this form stays below hours
