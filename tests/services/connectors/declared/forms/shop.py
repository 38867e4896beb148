"""A shop that speaks GraphQL: a schema of graphql-core behind a server on loopback."""

from __future__ import annotations

import json
from typing import Any

from graphql import GraphQLError, build_schema, graphql_sync

from services.connectors.simulators.http import Answered, Asked

SCHEMA = build_schema("""
    type Page { hasNextPage: Boolean! endCursor: String }
    type Order { id: ID! name: String! total: Int! note: String }
    type Orders { nodes: [Order!]! pageInfo: Page! }
    type Query { order(id: ID!): Order  orders(first: Int!, after: String): Orders! }
    type Created { order: Order }
    type Mutation { create(key: String!, name: String!): Created  cancel(id: ID!): Order! }
""")
COUNT = 7


class Shop:
    """`fails`: the code of the error that the next resolver raises. `created`: names by key."""

    def __init__(self) -> None:
        self.fails: str | None = None
        self.created: dict[str, str] = {}

    def __call__(self, asked: Asked) -> Answered:
        sent = json.loads(asked.body)
        result = graphql_sync(SCHEMA, sent["query"], root_value=self, variable_values=sent.get("variables"))
        answer: dict[str, Any] = dict(result.formatted)
        if result.errors and (result.errors[0].extensions or {}).get("code") == "THROTTLED":
            answer["extensions"] = {"cost": {"asked": 120, "left": 20, "restored": 50}}
        return Answered(200, json.dumps(answer).encode())

    def order(self, _info: Any, id: str) -> Any:  # noqa: A002 (the schema's)
        self._fail()
        return {"id": id, "name": f"#{id}", "total": 1299, "note": None} if id != "0" else None

    def orders(self, _info: Any, first: int, after: str | None = None) -> Any:
        begin = int(after or "0")
        end = min(begin + first, COUNT)
        nodes = [{"id": str(one), "name": f"#{one}", "total": one} for one in range(begin, end)]
        return {"nodes": nodes, "pageInfo": {"hasNextPage": end < COUNT, "endCursor": str(end)}}

    def create(self, _info: Any, key: str, name: str) -> Any:
        self._fail()
        self.created[key] = name
        return {"order": {"id": key, "name": name, "total": 0, "note": self._no_note}}

    def cancel(self, _info: Any, id: str) -> Any:  # noqa: A002 (the schema's)
        self.created.pop(id, None)
        raise GraphQLError("Not told what became of it", extensions={"code": "INTERNAL_SERVER_ERROR"})

    @staticmethod
    def _no_note(_info: Any) -> Any:
        raise GraphQLError("The notes are away")

    def _fail(self) -> None:
        if self.fails is not None:
            code, self.fails = self.fails, None
            raise GraphQLError(f"Sorry, {code}", extensions={"code": code})
