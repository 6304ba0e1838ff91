"""Datasets: Parquet parts, written once each, then a manifest."""

import hashlib
import io
import json
from collections.abc import Sequence
from typing import Any, TypeVar

import pyarrow as pa
import pyarrow.parquet as pq

from soda_core.artifacts import layout
from soda_core.artifacts.manifest import Part, Usage
from soda_core.artifacts.store import ArtifactStore, StoredObject
from soda_core.errors import StoreError
from soda_core.records import SodaModel

Record = TypeVar("Record", bound=SodaModel)
METADATA = "soda"


def encode(records: Sequence[SodaModel]) -> bytes:
    """Parquet bytes of `records`: equal records give equal bytes."""
    table = pa.Table.from_pylist([record.model_dump(mode="json") for record in records])
    buffer = io.BytesIO()
    pq.write_table(table, buffer, compression="zstd")
    return buffer.getvalue()


def decode(body: bytes, record: type[Record]) -> list[Record]:
    """The records of one part."""
    return [record.model_validate(row) for row in pq.read_table(io.BytesIO(body)).to_pylist()]


class DatasetWriter:
    """Writes one dataset part by part; parts that another try has written are adopted, never written again."""

    def __init__(self, store: ArtifactStore, root: str, record: type[SodaModel]) -> None:
        self.store = store
        self.root = root
        self.record = record
        self.parts: dict[int, Part] = {}
        self.counters: dict[str, int] = {}
        self.usage = Usage()

    def adopt(self, number: int) -> bool:
        """Take over part `number` if it is already in the store; tell whether it was."""
        stored = self.store.get(layout.part_key(self.root, number))
        if stored is None:
            return False
        self._account(number, stored)
        return True

    def write(self, number: int, records: Sequence[SodaModel], counters: dict[str, int] | None = None, usage: Usage | None = None) -> None:
        """Store part `number`. When a racing copy was first, its part counts and ours is dropped.

        Raises:
            StoreError: the store cannot be reached or is full.
        """
        notes = {"counters": counters or {}, "usage": (usage or Usage()).model_dump()}
        body, metadata = encode(records), {METADATA: json.dumps(notes)}
        if self.store.put(layout.part_key(self.root, number), body, metadata, if_absent=True):
            self._account(number, StoredObject(body, metadata))
        elif not self.adopt(number):
            raise StoreError(f"part {layout.part_key(self.root, number)} was there and is gone: something deletes from the bucket.")

    def finished_parts(self) -> tuple[Part, ...]:
        return tuple(self.parts[number] for number in sorted(self.parts))

    def _account(self, number: int, stored: StoredObject) -> None:
        num_rows = pq.ParquetFile(io.BytesIO(stored.body)).metadata.num_rows
        self.parts[number] = Part(
            name=layout.part_key("", number),
            sha256=hashlib.sha256(stored.body).hexdigest(),
            num_rows=num_rows,
            num_bytes=len(stored.body),
        )
        notes: dict[str, Any] = json.loads(stored.metadata.get(METADATA, "{}"))
        for name, count in notes.get("counters", {}).items():
            self.counters[name] = self.counters.get(name, 0) + count
        self.usage += Usage(**notes.get("usage", {}))
