"""What a stage's main() is given: its inputs, its outputs, its model servers, and a place to report to."""

import hashlib
import json
import logging
import os
import shutil
import tempfile
import time
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from soda_core.artifacts import layout
from soda_core.artifacts.dataset import DatasetWriter, decode
from soda_core.artifacts.manifest import Manifest, Part, Usage
from soda_core.artifacts.store import ArtifactStore
from soda_core.config.run import RunConfig
from soda_core.errors import ModelServerError, StoreError
from soda_core.models.client import ChatClient
from soda_core.records import SodaModel
from soda_core.stages.base import DATASETS, Server, Stage

logger = logging.getLogger(__name__)
Row = TypeVar("Row", bound=SodaModel)
PROGRESS_INTERVAL_SECONDS = 1.0


class Batch(NamedTuple):
    """What one part of a dataset came to."""

    rows: Sequence[SodaModel]
    counters: dict[str, int] = {}
    usage: Usage = Usage()


@dataclass
class StageContext:
    """One try of one stage."""

    run: layout.RunUri
    stage: Stage
    cycle: int
    config: RunConfig
    store: ArtifactStore
    inputs: dict[str, Manifest]
    """Input artifact name to its manifest; absent optional ones are missing."""
    roots: dict[str, str]
    """Output artifact name to the folder it is written to."""
    endpoints: dict[Server, str]
    """Base URLs of the model servers."""
    cache: Path
    """Local folder for downloaded models; may be emptied at any time between stages."""
    writers: dict[str, DatasetWriter] = field(default_factory=dict)
    model_parts: dict[str, tuple[Part, ...]] = field(default_factory=dict)
    counters: dict[str, int] = field(default_factory=dict)
    metrics: dict[str, Any] = field(default_factory=dict)
    usage: Usage = Usage()
    _reported: float = 0.0

    def read(self, artifact: str, record: type[Row]) -> list[Row]:
        """All rows of an input dataset; none when it is optional and absent.

        Raises:
            StoreError: a part is gone or damaged.
        """
        manifest = self.inputs.get(artifact)
        return [] if manifest is None else read_rows(self.store, self.run, manifest, record)

    def write(self, artifact: str, rows: Sequence[SodaModel]) -> None:
        """Write a dataset that is computed in one go, in parts of `part_size`."""
        size = self.config.part_size
        writer = self._writer(artifact)
        for number, start in enumerate(range(0, len(rows), size)):
            writer.write(number, rows[start : start + size])

    def map_parts(self, artifact: str, items: Sequence[Row], work: Callable[[Sequence[Row]], Batch]) -> None:
        """Write one part for every `part_size` items; parts that an earlier try wrote are kept and not worked again."""
        size = self.config.part_size
        writer = self._writer(artifact)
        for number, start in enumerate(range(0, len(items), size)):
            self.progress(start, len(items))
            if not writer.adopt(number):
                batch = work(items[start : start + size])
                writer.write(number, batch.rows, batch.counters, batch.usage)
        self.progress(len(items), len(items))

    def model(self, artifact: str) -> Path:
        """A local copy of an input model: a folder as transformers saves it."""
        return fetch_model(self.store, self.run, self.inputs[artifact], self.cache)

    def write_model(self, artifact: str, folder: Path) -> None:
        """Store a model folder; each try has a place of its own, so racing tries never mix."""
        attempt, parts = uuid.uuid4().hex[:8], []
        for path in sorted(path for path in folder.rglob("*") if path.is_file()):
            name = f"{attempt}/{path.relative_to(folder).as_posix()}"
            self.store.upload(path, layout.file_key(self.roots[artifact], name))
            parts.append(Part(name=name, sha256=sha256_of(path), num_bytes=path.stat().st_size))
        self.model_parts[artifact] = tuple(parts)

    def client(self, server: Server) -> ChatClient:
        """A client of a model server.

        Raises:
            ModelServerError: the stage was started without the server's address.
        """
        if server not in self.endpoints:
            raise ModelServerError(
                f"stage '{self.stage.name}' needs the {server} server: pass --endpoint {server}=http://HOST:PORT/v1."
            )
        teacher = self.config.judge_or_teacher if server is Server.JUDGE else self.config.teacher
        concurrency = (self.config.student if server is Server.STUDENT else teacher).concurrency
        key = os.environ.get(teacher.api_key_env, "") if server is not Server.STUDENT else ""
        name = None if server is Server.STUDENT else teacher.name
        return ChatClient(self.endpoints[server], model=name, api_key=key, concurrency=concurrency)

    def count(self, name: str, number: int = 1) -> None:
        """Add to a counter of the manifest, e.g. `dropped.near-duplicate`."""
        self.counters[name] = self.counters.get(name, 0) + number

    def progress(self, done: float, total: float, note: str = "") -> None:
        """Tell whoever watches how far the stage is; at most once a second reaches the store."""
        now = time.monotonic()
        if done < total and now - self._reported < PROGRESS_INTERVAL_SECONDS:
            return
        self._reported = now
        logger.info("%s: %g of %g %s", self.stage.name, done, total, note)
        body = json.dumps({"done": done, "total": total, "note": note, "time": time.time()})
        self.store.put(layout.progress_key(self.run, self.cycle, self.stage.name), body.encode())

    def _writer(self, artifact: str) -> DatasetWriter:
        return self.writers.setdefault(artifact, DatasetWriter(self.store, self.roots[artifact], DATASETS[artifact]))


def read_rows(store: ArtifactStore, run: layout.RunUri, manifest: Manifest, record: type[Row]) -> list[Row]:
    """All rows of a committed dataset.

    Raises:
        StoreError: a part is gone, or is not what the manifest says.
    """
    root = layout.artifact_root(run, manifest.artifact, manifest.fingerprint)
    rows: list[Row] = []
    for part in manifest.parts:
        stored = store.get(root + part.name)
        if stored is None or hashlib.sha256(stored.body).hexdigest() != part.sha256:
            raise StoreError(
                f"{root}{part.name} is missing or damaged: delete {layout.manifest_key(root)} and clear stage '{manifest.stage}'."
            )
        rows += decode(stored.body, record)
    return rows


def fetch_model(store: ArtifactStore, run: layout.RunUri, manifest: Manifest, cache: Path) -> Path:
    """Download a committed model into `cache` unless it is there; the folder appears whole or not at all.

    Raises:
        StoreError: a file is gone, or is not what the manifest says.
    """
    target = cache / "models" / manifest.digest[:20]
    if target.is_dir():
        return target
    root = layout.artifact_root(run, manifest.artifact, manifest.fingerprint)
    target.parent.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(dir=target.parent, prefix=".incoming-"))
    try:
        for part in manifest.parts:
            path = folder / part.name.split("/", 1)[1]
            path.parent.mkdir(parents=True, exist_ok=True)
            store.download(layout.file_key(root, part.name), path)
            if sha256_of(path) != part.sha256:
                raise StoreError(f"{part.name} of model {manifest.artifact} is damaged: clear stage '{manifest.stage}'.")
        folder.rename(target)
    except OSError as error:
        if not target.is_dir():  # a racing process may have brought the same model
            raise StoreError(f"model {manifest.artifact} cannot be kept in {cache}: {error.strerror}. Free some disk space.") from error
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return target


def sha256_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
