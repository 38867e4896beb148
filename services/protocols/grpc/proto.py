"""A proto text (proto2 or proto3) as a file descriptor. Pure Python: a tenant's text can be refused, and nothing worse.

What has no bearing on a call is read over: comments, custom options, extensions, ranges, reserved names.
"""

from __future__ import annotations

from typing import Final

from google.protobuf.descriptor_pb2 import (
    DescriptorProto,
    EnumDescriptorProto,
    FieldDescriptorProto,
    FileDescriptorProto,
    MethodOptions,
    ServiceDescriptorProto,
)

from services.protocols.grpc.tokens import Tokens

DEPTH: Final = 32
DEFINITIONS: Final = 20_000
"""Messages, fields, values and methods of one text."""
_SCALARS: Final = {
    name.removeprefix("TYPE_").lower(): number
    for name, number in FieldDescriptorProto.Type.items()
    if name not in {"TYPE_MESSAGE", "TYPE_ENUM", "TYPE_GROUP"}
}
_LABELS: Final = {
    "optional": FieldDescriptorProto.LABEL_OPTIONAL,
    "required": FieldDescriptorProto.LABEL_REQUIRED,
    "repeated": FieldDescriptorProto.LABEL_REPEATED,
}


def parse(text: str) -> FileDescriptorProto:
    """The descriptor, with names of types as they stand in the text.

    Raises:
        Refusal: `configuration`, with the line: no proto2 or proto3, or beyond a limit.
    """
    return _File(text).read()


class _File:
    def __init__(self, text: str) -> None:
        self._tokens = Tokens(text)
        self._file = FileDescriptorProto(name="workflow.proto", syntax="proto2")
        self._count = 0

    def read(self) -> FileDescriptorProto:
        tokens, file = self._tokens, self._file
        while tokens.kind != "end":
            match tokens.next():
                case "message":
                    self._message(file.message_type.add(), 1)
                case "enum":
                    self._enum(file.enum_type.add())
                case "service":
                    self._service(file.service.add())
                case "extend":
                    tokens.type_name()
                    tokens.skip_value()
                case "option":
                    self._option()
                case ";":
                    pass
                case other:
                    self._head(other)
        return file

    def _head(self, word: str) -> None:
        tokens, file = self._tokens, self._file
        if word == "syntax":
            tokens.expect("=")
            file.syntax = tokens.string()
        elif word == "import":
            tokens.take("public", "weak")
            file.dependency.append(tokens.string())
        elif word == "package":
            file.package = tokens.next("word")
        else:
            tokens.refuse(f"an unexpected {word[:40]!r}")
        if file.syntax not in {"proto2", "proto3"}:
            tokens.refuse("a syntax that is neither proto2 nor proto3")
        tokens.expect(";")

    def _admit(self) -> None:
        self._count += 1
        if self._count > DEFINITIONS:
            self._tokens.refuse(f"more than {DEFINITIONS:,} definitions before it")

    def _option(self) -> tuple[str, str]:
        """Name and, where it is one word, value of `option name = value;`."""
        name = self._option_name()
        self._tokens.expect("=")
        value = self._tokens.text
        self._tokens.skip_value()
        self._tokens.expect(";")
        return name, value

    def _option_name(self) -> str:
        tokens = self._tokens
        name = ""
        while tokens.text != "=" or tokens.kind != "mark":
            name += tokens.next()
        return name

    def _message(self, message: DescriptorProto, depth: int) -> None:
        tokens = self._tokens
        self._admit()
        if depth > DEPTH:
            tokens.refuse(f"messages nested more than {DEPTH} deep")
        message.name = tokens.next("word")
        tokens.expect("{")
        while not tokens.take("}"):
            match tokens.text if tokens.kind in {"word", "mark"} else "":
                case "message":
                    tokens.next()
                    self._message(message.nested_type.add(), depth + 1)
                case "enum":
                    tokens.next()
                    self._enum(message.enum_type.add())
                case "oneof":
                    tokens.next()
                    self._oneof(message)
                case "option":
                    tokens.next()
                    self._option()
                case "reserved" | "extensions":
                    self._skip_statement()
                case "extend":
                    tokens.next()
                    tokens.type_name()
                    tokens.skip_value()
                case ";":
                    tokens.next()
                case _:
                    self._field(message, None)
        self._name_optionals(message)

    def _skip_statement(self) -> None:
        while not self._tokens.take(";"):
            self._tokens.next()

    def _oneof(self, message: DescriptorProto) -> None:
        tokens = self._tokens
        index = len(message.oneof_decl)
        message.oneof_decl.add(name=tokens.next("word"))
        tokens.expect("{")
        while not tokens.take("}"):
            if tokens.take("option"):
                self._option()
            elif not tokens.take(";"):
                self._field(message, index)

    def _field(self, message: DescriptorProto, oneof: int | None) -> None:
        tokens = self._tokens
        self._admit()
        field = message.field.add(label=FieldDescriptorProto.LABEL_OPTIONAL)
        label = tokens.text if oneof is None and tokens.text in _LABELS else None
        if label is not None:
            tokens.next()
            field.label = _LABELS[label]
        if oneof is not None:
            field.oneof_index = oneof
        kind = tokens.type_name()
        if kind == "group":
            tokens.refuse("a group; use a message")
        if kind == "map" and tokens.take("<"):
            self._map(message, field)
        else:
            self._type(field, kind)
            field.name = tokens.next("word")
        field.proto3_optional = label == "optional" and self._file.syntax == "proto3"
        tokens.expect("=")
        field.number = self._number()
        if tokens.take("["):
            self._field_options(field)
        tokens.expect(";")

    def _number(self) -> int:
        number = self._tokens.integer()
        if not 0 < number < 2**29:
            self._tokens.refuse("a field number out of range")
        return number

    @staticmethod
    def _type(field: FieldDescriptorProto, kind: str) -> None:
        if kind in _SCALARS:
            field.type = FieldDescriptorProto.Type.ValueType(_SCALARS[kind])
        else:
            field.type_name = kind

    def _map(self, message: DescriptorProto, field: FieldDescriptorProto) -> None:
        tokens = self._tokens
        key = tokens.next("word")
        tokens.expect(",")
        value = tokens.type_name()
        tokens.expect(">")
        field.name = tokens.next("word")
        camel = "".join(part[:1].upper() + part[1:] for part in field.name.split("_"))
        entry = message.nested_type.add(name=f"{camel}Entry")
        entry.options.map_entry = True
        for number, (name, kind) in enumerate((("key", key), ("value", value)), 1):
            member = entry.field.add(name=name, number=number, label=FieldDescriptorProto.LABEL_OPTIONAL)
            self._type(member, kind)
        field.label, field.type_name = FieldDescriptorProto.LABEL_REPEATED, entry.name

    def _field_options(self, field: FieldDescriptorProto) -> None:
        tokens = self._tokens
        while True:
            name = self._option_name()
            tokens.expect("=")
            if name == "json_name":
                field.json_name = tokens.string()
            elif name == "packed":
                field.options.packed = tokens.next("word") == "true"
            else:
                tokens.skip_value()
            if not tokens.take(","):
                break
        tokens.expect("]")

    @staticmethod
    def _name_optionals(message: DescriptorProto) -> None:
        """`optional` of proto3 is a oneof of its own (protobuf, implementing field presence)."""
        for field in message.field:
            if field.proto3_optional:
                field.oneof_index = len(message.oneof_decl)
                message.oneof_decl.add(name=f"_{field.name}")

    def _enum(self, enum: EnumDescriptorProto) -> None:
        tokens = self._tokens
        self._admit()
        enum.name = tokens.next("word")
        tokens.expect("{")
        while not tokens.take("}"):
            if tokens.take("option"):
                name, value = self._option()
                if name == "allow_alias":
                    enum.options.allow_alias = value == "true"
            elif tokens.text == "reserved":
                self._skip_statement()
            elif not tokens.take(";"):
                self._admit()
                value_name = tokens.next("word")
                tokens.expect("=")
                enum.value.add(name=value_name, number=tokens.integer())
                if tokens.text == "[":
                    tokens.skip_value()
                tokens.expect(";")

    def _service(self, service: ServiceDescriptorProto) -> None:
        tokens = self._tokens
        self._admit()
        service.name = tokens.next("word")
        tokens.expect("{")
        while not tokens.take("}"):
            if tokens.take("option"):
                self._option()
            elif not tokens.take(";"):
                tokens.expect("rpc")
                self._method(service)

    def _method(self, service: ServiceDescriptorProto) -> None:
        tokens = self._tokens
        self._admit()
        method = service.method.add(name=tokens.next("word"))
        tokens.expect("(")
        method.client_streaming = tokens.take("stream")
        method.input_type = tokens.type_name()
        tokens.expect(")")
        tokens.expect("returns")
        tokens.expect("(")
        method.server_streaming = tokens.take("stream")
        method.output_type = tokens.type_name()
        tokens.expect(")")
        if not tokens.take("{"):
            tokens.expect(";")
            return
        while not tokens.take("}"):
            if tokens.take("option"):
                name, value = self._option()
                if name == "idempotency_level" and value in MethodOptions.IdempotencyLevel.keys():  # noqa: SIM118
                    method.options.idempotency_level = MethodOptions.IdempotencyLevel.Value(value)
            else:
                tokens.expect(";")
