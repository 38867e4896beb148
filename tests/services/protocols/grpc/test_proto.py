"""Proto texts: what is read, and that a text of a tenant's can be refused and nothing worse."""

from __future__ import annotations

import contextlib
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.protocols.errors import Refusal
from services.protocols.grpc.methods import Proto
from services.protocols.grpc.proto import parse

WHOLE = """
// every part of the language that a call can meet
syntax = "proto3";
package shop.v1; /* a comment */
import "google/protobuf/timestamp.proto";
import "google/protobuf/struct.proto";
import "google/api/annotations.proto";
option java_package = "a" "b";
option (custom).part = { a: 1 b { c: "x;}" } d: [1, -2] };

enum Kind { option allow_alias = true; UNKNOWN = 0; DOG = 1; HOUND = 1 [deprecated = true]; LOW = -5; reserved 7; }

message Pet {
  reserved 100 to 200, 300; reserved "old";
  string name = 1 [deprecated = true, (rule) = { min: 3 }];
  optional int64 age = 2;
  repeated string tags = 3 [packed = false];
  map<string, Pet.Detail> details = 4;
  oneof owner { string person = 5; Company company = 6; }
  Kind kind = 7;
  google.protobuf.Timestamp born = 8;
  google.protobuf.Struct more = 9;
  bytes photo = 0xA;
  .shop.v1.Pet mother = 11 [json_name = "mum"];
  message Detail { double weight = 1; message Deep { bool x = 1; } Deep deep = 2; }
  ;
}
message Company { string name = 1; }
service Pets {
  option (a) = true;
  rpc Get (Company) returns (Pet) {
    option idempotency_level = NO_SIDE_EFFECTS;
    option (google.api.http) = { get: "/x" };
  }
  rpc Put (Pet) returns (.shop.v1.Pet);
  rpc Watch (stream Pet) returns (stream Pet) {}
}
extend Pet { string late = 500; }
"""


def test_every_part_that_a_call_can_meet_is_read() -> None:
    proto = Proto(WHOLE.encode())
    get, put = proto.method("shop.v1.Pets", "Get"), proto.method("Pets", "Put")
    assert (get.path, get.is_repeatable, put.is_repeatable) == ("/shop.v1.Pets/Get", True, False)
    pet: dict[str, Any] = {
        "name": "milou",
        "age": "9007199254740993",
        "tags": ["a"],
        "details": {"x": {"weight": 1.5, "deep": {"x": True}}},
        "company": {"name": "c"},
        "kind": "DOG",
        "born": "2020-01-01T00:00:00Z",
        "more": {"a": [1, None]},
        "photo": "AQI=",
        "mum": {"name": "m"},
    }
    found = put.response(put.request(pet))
    assert found == {**pet, "mum": {**_empty(), "name": "m"}}
    assert put.response(b"") == _empty(), "fields without presence have their default; those with it are absent"


def _empty() -> dict[str, Any]:
    return {"name": "", "tags": [], "details": {}, "kind": "UNKNOWN", "photo": ""}


def test_proto2_has_its_labels() -> None:
    proto = Proto(b"""
        message Ask { required string name = 1; optional int32 n = 2 [default = -7]; extensions 100 to max; }
        service S { rpc Do (Ask) returns (Ask); }
    """)
    method = proto.method("S", "Do")
    assert method.response(method.request({"name": "a"})) == {"name": "a"}
    with pytest.raises(Refusal):
        method.request({"n": 1})


@pytest.mark.parametrize(
    ("service", "method", "words"),
    [
        ("Pet", "Get", "meant"),
        ("Pets", "Gets", "meant 'Get'"),
        ("shop.v2.Pets", "Get", ""),
        ("Pets", "Watch", "streams"),
    ],
)
def test_what_cannot_be_called_is_said_in_words(service: str, method: str, words: str) -> None:
    with pytest.raises(Refusal) as refused:
        Proto(WHOLE.encode()).method(service, method)
    assert words in refused.value.error.detail


@pytest.mark.parametrize(
    "arguments", [{"nmae": "x"}, {"name": 1}, {"born": "yesterday"}, {"details": []}, {"kind": "CAT"}]
)
def test_arguments_are_held_against_the_message(arguments: dict[str, Any]) -> None:
    with pytest.raises(Refusal) as refused:
        Proto(WHOLE.encode()).method("Pets", "Put").request(arguments)
    assert refused.value.error.type.endswith("/configuration")


@pytest.mark.parametrize(
    "text",
    [
        'edition = "2023";',
        'syntax = "proto4";',
        "message A { B b = 1; }",
        'import "other.proto"; message A { other.B b = 1; }',
        "message A { string a = 0; }",
        "message A { string a = 1; string b = 1; }",
        "message A { string a = 99999999999; }",
        "message A { map<A, string> a = 1; }",
        "message A {} message A {}",
        "message A { optional group G = 1 {} }",
        "message A {",
        "message A { string a = 1 }",
        "/* no end",
        '"no end',
        "message A " * 40_000,
        "message A {" * 1000,
        "x" * 600_000,
        "\x00",
        "<!DOCTYPE html><html>",
        "service S { rpc A (B) returns (C); }",
        "message N {" + " ".join(f"string a{n} = {n + 1};" for n in range(20_001)) + "}",
    ],
    ids=lambda text: repr(text[:30]),
)
def test_S_57_a_text_that_is_no_proto_or_too_much_is_refused(text: str) -> None:
    with pytest.raises(Refusal) as refused:
        Proto(text.encode())
    assert refused.value.error.type.endswith("/configuration")


WORDS = [
    "message",
    "enum",
    "service",
    "rpc",
    "oneof",
    "map",
    "A",
    "B",
    "string",
    "=",
    "1",
    "2",
    "{",
    "}",
    ";",
    "(",
    ")",
]
WORDS += ["<", ">", ",", ".", "stream", "returns", "repeated", "optional", "option", "reserved", "[", "]", '"x"', "-"]


@given(st.lists(st.sampled_from(WORDS), max_size=60))
@settings(max_examples=400, deadline=None)
def test_any_order_of_words_is_read_or_refused(words: list[str]) -> None:
    with contextlib.suppress(Refusal):
        Proto(" ".join(words).encode())


@given(st.binary(max_size=200))
@settings(max_examples=100, deadline=None)
def test_any_bytes_are_read_or_refused(content: bytes) -> None:
    with contextlib.suppress(Refusal):
        Proto(content)


def test_a_large_proto_is_read() -> None:
    text = "\n".join(f"message M{n} {{ string a = 1; }}" for n in range(9_000))
    assert len(parse(text).message_type) == 9_000
