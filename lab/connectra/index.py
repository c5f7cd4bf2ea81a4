"""One index: documents by id, and their fields inverted."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Any

from lab.connectra.fields import Kind, Schema
from lab.connectra.postings import Field, KeywordField, NumberField, TextField
from lab.connectra.shards import SHARDS, shard_of

Source = dict[str, Any]
_FIELDS: dict[Kind, type[Field]] = {
    Kind.KEYWORD: KeywordField, Kind.TEXT: TextField, Kind.LONG: NumberField, Kind.DATE: NumberField,
}
_WRITES = 40  # bits for the count of writes in a document's number


@dataclass(frozen=True, slots=True)
class Document:
    """What was written of one record. Numbers are in the engine's own order: by shard, then by write."""

    number: int
    uuid: str
    source: Source


class Index:
    """Documents and their inverted fields. `version` changes with every write."""

    def __init__(self, schema: Schema) -> None:
        self.schema = schema
        self.fields: dict[str, Field] = {name: _FIELDS[kind]() for name, kind in schema.mapping.items()}
        self.documents: dict[int, Document] = {}
        self.numbers: dict[str, int] = {}
        self.version = 0
        self._next = 0
        self._shards: list[dict[int, None]] = [{} for _ in range(SHARDS)]

    def __len__(self) -> int:
        return len(self.documents)

    def write(self, source: Source) -> None:
        """Puts the document of this uuid in place of the one before. An empty uuid is no valid id: not written."""
        uuid = source["uuid"]
        if not uuid:
            return
        self.delete(uuid)
        shard = shard_of(uuid)
        number = shard << _WRITES | self._next
        self._next += 1
        self._shards[shard][number] = None
        self.version += 1
        self.documents[number] = Document(number, uuid, source)
        self.numbers[uuid] = number
        for name, field in self.fields.items():
            field.put(number, source.get(name))

    def delete(self, uuid: str) -> None:
        """Removes a document; the service never does, its operators and our feed do."""
        number = self.numbers.pop(uuid, None)
        if number is None:
            return
        self.version += 1
        del self._shards[number >> _WRITES][number]
        source = self.documents.pop(number).source
        for name, field in self.fields.items():
            field.drop(number, source.get(name))

    def in_order(self) -> Iterator[int]:
        """The numbers of all documents, in order."""
        return chain.from_iterable(self._shards)

    def source(self, uuid: str) -> Source | None:
        """The document of this uuid."""
        number = self.numbers.get(uuid)
        return None if number is None else self.documents[number].source
