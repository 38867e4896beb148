from __future__ import annotations

from infra.problems import Conflict, Invalid, NotFound


class UnknownEntity(NotFound):
    """The tenant has no such entity, or the entity no such key."""


class InvalidEntity(Invalid):
    """The kind is no record, a key has no good form, or a split leaves nothing. `errors` lists `{pointer, detail}`."""

    name = "invalid-entity"
    title = "This cannot be said of an entity"


class KeyTaken(Conflict):
    """Another entity has this key; `entity` says which. Merge the two if they are one, else correct the system."""

    name = "entity-key-taken"
    title = "Another entity is known by this key"


class EntityMerged(Conflict):
    """It stands for another entity, which `entity` names. Act on that one, or split them first."""

    name = "entity-merged"
    title = "The entity was merged into another"


class EntitiesDiffer(Conflict):
    """They are of two kinds, or one and the same: neither can be merged."""

    name = "entities-differ"
    title = "These cannot be merged"


class TooManyKeys(Conflict):
    """An entity has as many keys as it may. So many ids of one thing are a fault of the system that makes them."""

    name = "too-many-entity-keys"
    title = "There are as many keys as there may be"


class UnknownMapping(NotFound):
    """There is no mapping of this name, or no such version."""


class InvalidMapping(Invalid):
    """The document cannot be used. `errors` lists `{pointer, detail}` of what to change; nothing was kept."""

    name = "invalid-mapping"
    title = "This mapping cannot be used"


class NothingToRelease(Conflict):
    """No draft of this version is there: it was released before, or never written."""

    name = "nothing-to-release"
    title = "There is no such draft"


class ExamplesFail(Conflict):
    """An example does not come out as it says; `examples` tells how each did. Nothing was released."""

    name = "mapping-examples-fail"
    title = "The mapping's examples do not come out as they say"


class TooManyMappings(Conflict):
    """There are as many mappings as there may be."""

    name = "too-many-mappings"
    title = "There are as many mappings as there may be"
