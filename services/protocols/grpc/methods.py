"""Methods of a proto, and their messages as JSON (protobuf, ProtoJSON format)."""

from __future__ import annotations

import json
from difflib import get_close_matches
from typing import Any, Final

import msgspec
from google.protobuf import (
    any_pb2,
    duration_pb2,
    empty_pb2,
    field_mask_pb2,
    json_format,
    message_factory,
    struct_pb2,
    timestamp_pb2,
    wrappers_pb2,
)
from google.protobuf.descriptor import MethodDescriptor
from google.protobuf.descriptor_pb2 import FileDescriptorProto, MethodOptions
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message import DecodeError, EncodeError, Message

from services.engine import values
from services.protocols import errors
from services.protocols.grpc.proto import parse

_WELL_KNOWN: Final = (
    any_pb2,
    duration_pb2,
    empty_pb2,
    field_mask_pb2,
    struct_pb2,
    timestamp_pb2,
    wrappers_pb2,
)
_REPEATABLE: Final = frozenset({MethodOptions.NO_SIDE_EFFECTS, MethodOptions.IDEMPOTENT})


class Proto:
    """The services of one proto text.

    Raises:
        Refusal: `configuration`: the text cannot be read, or names a type that is not in it.
    """

    def __init__(self, content: bytes) -> None:
        try:
            file = parse(content.decode("utf-8-sig"))
        except UnicodeDecodeError as error:
            raise _unusable("it is not UTF-8") from error
        self._pool = DescriptorPool()
        for module in _WELL_KNOWN:
            self._pool.AddSerializedFile(module.DESCRIPTOR.serialized_pb)
        known = {module.DESCRIPTOR.name for module in _WELL_KNOWN}
        # What others import for their options only is not needed; a type of theirs is missed below, by its name.
        foreign = [name for name in file.dependency if name not in known]
        self._names = [f"{file.package}.{one.name}".lstrip(".") for one in file.service]
        self._add(file, sorted(set(file.dependency) & known), foreign)

    def _add(self, file: FileDescriptorProto, imports: list[str], foreign: list[str]) -> None:
        del file.dependency[:]
        file.dependency.extend(imports)
        try:
            self._pool.AddSerializedFile(file.SerializeToString())
        except (TypeError, ValueError, EncodeError) as error:
            hint = f"; the import {foreign[0][:80]!r} is not followed, put all in one file" if foreign else ""
            raise _unusable(f"{str(error).partition(':')[2].strip()[:200] or 'it does not build'}{hint}") from error

    def method(self, service: str, method: str) -> Method:
        """By the service's full name, or its last part where only one has that.

        Raises:
            Refusal: `configuration`: there is none, or it streams.
        """
        matching = [name for name in self._names if name == service or name.rpartition(".")[2] == service]
        if len(matching) != 1 and service not in matching:
            raise _unusable(f"there is no service {service[:80]!r}{_meant(service, self._names)}")
        described = self._pool.FindServiceByName(service if service in matching else matching[0])
        found = described.methods_by_name.get(method)
        if found is None:
            raise _unusable(f"there is no method {method[:80]!r}{_meant(method, list(described.methods_by_name))}")
        if found.client_streaming or found.server_streaming:
            raise _unusable(f"{method!r} streams; only methods with one request and one response can be called")
        return Method(found, self._pool)


class Method(msgspec.Struct, frozen=True):
    """One unary method."""

    described: MethodDescriptor
    pool: DescriptorPool

    @property
    def path(self) -> str:
        return f"/{self.described.containing_service.full_name}/{self.described.name}"

    @property
    def is_repeatable(self) -> bool:
        """Whether the proto says that calling twice does no harm (`idempotency_level`)."""
        return self.described.GetOptions().idempotency_level in _REPEATABLE

    def request(self, arguments: dict[str, Any]) -> bytes:
        """Raises Refusal, `configuration`: an argument is unknown or of the wrong type."""
        message = message_factory.GetMessageClass(self.described.input_type)()
        try:
            json_format.ParseDict(json.loads(values.encode(arguments)), message, descriptor_pool=self.pool)
            return message.SerializeToString()
        except (json_format.ParseError, EncodeError, ValueError, TypeError, RecursionError) as error:
            raise errors.configuration("Unusable arguments", str(error)[:300], sent=True) from error

    def response(self, content: bytes) -> Any:
        """The message as JSON, with fields that have their default value; 64-bit integers are strings.

        Raises:
            Refusal: `communication`: it is no such message.
        """
        message: Message = message_factory.GetMessageClass(self.described.output_type)()
        try:
            message.ParseFromString(content)
            return json_format.MessageToDict(
                message, always_print_fields_with_no_presence=True, descriptor_pool=self.pool
            )
        except (DecodeError, json_format.Error, ValueError, TypeError, RecursionError) as error:
            raise errors.unreadable("the response is not the message that the proto describes") from error


def _meant(name: str, names: list[str]) -> str:
    last = {one.rpartition(".")[2]: one for one in names}
    close = get_close_matches(name.rpartition(".")[2], last, 1)
    return f"; meant {last[close[0]]!r}?" if close else ""


def _unusable(detail: str) -> errors.Refusal:
    return errors.configuration("Unusable proto", detail, sent=True)
