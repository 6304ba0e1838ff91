"""The small interface between stages and wherever artifacts lie."""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple, Protocol


class StoredObject(NamedTuple):
    body: bytes
    metadata: dict[str, str]


class ArtifactStore(Protocol):
    """Immutable objects by key. Keys are built in `soda_core.artifacts.layout` only."""

    def get(self, key: str) -> StoredObject | None:
        """The object at `key`, or None when there is none.

        Raises:
            StoreError: the store cannot be reached or refuses the credentials.
        """

    def put(self, key: str, body: bytes, metadata: dict[str, str] | None = None, *, if_absent: bool = False) -> bool:
        """Write `body` at `key`; with `if_absent`, only when nothing is there, atomically.

        Returns:
            True when it was written, False when `if_absent` found an object.

        Raises:
            StoreError: as for `get`, and when the store is full.
        """

    def exists(self, key: str) -> bool:
        """Whether there is an object at `key`. Raises StoreError as `get` does."""

    def list(self, prefix: str) -> Iterator[str]:
        """The keys that start with `prefix`, in order. Raises StoreError as `get` does."""

    def upload(self, path: Path, key: str) -> None:
        """Store a file of any size at `key`. Raises StoreError as `put` does."""

    def download(self, key: str, path: Path) -> None:
        """Fetch the object at `key` into a file.

        Raises:
            MissingArtifactError: there is no such object.
            StoreError: as for `get`.
        """
