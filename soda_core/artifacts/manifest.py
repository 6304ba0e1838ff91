"""The manifest: what an artifact holds and what it was made from. An artifact exists exactly when its manifest does."""

import hashlib
import json
from enum import StrEnum
from typing import Any

from pydantic import Field

from soda_core.records import SodaModel

SCHEMA_VERSION = 1


class ArtifactKind(StrEnum):
    DATASET = "dataset"
    MODEL = "model"


class Part(SodaModel):
    """One immutable object of an artifact."""

    name: str
    sha256: str
    num_rows: int = Field(0, ge=0)
    num_bytes: int = Field(ge=0)


class Usage(SodaModel):
    """What an artifact cost."""

    requests: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    training_tokens: int = 0
    wall_seconds: float = 0.0
    gpu_seconds: float = 0.0

    def __add__(self, other: "Usage") -> "Usage":
        mine, theirs = self.model_dump(), other.model_dump()
        return Usage(**{name: mine[name] + theirs[name] for name in mine})


class Manifest(SodaModel):
    schema_version: int = SCHEMA_VERSION
    artifact: str
    kind: ArtifactKind
    record: str = ""
    """Class name of the rows of a dataset."""
    stage: str
    cycle: int
    fingerprint: str
    """Digest of everything it was made from; also its address."""
    inputs: dict[str, str] = {}
    """Input artifact (`questions@1`) to the digest it had."""
    settings: dict[str, Any] = {}
    """The configuration values that mattered."""
    code_version: str
    parts: tuple[Part, ...]
    counters: dict[str, int] = {}
    """What was dropped and why, and other counts of the stage."""
    metrics: dict[str, Any] = {}
    """Measurements of the stage, e.g. the loss curve."""
    usage: Usage = Usage()
    created: str = ""
    """UTC time, ISO 8601."""

    @property
    def num_rows(self) -> int:
        return sum(part.num_rows for part in self.parts)

    @property
    def digest(self) -> str:
        """Digest of the content alone: equal for equal rows, whenever and however they were made."""
        content = [self.record, *(part.sha256 for part in self.parts)]
        return hashlib.sha256("\n".join(content).encode()).hexdigest()


def fingerprint(stage: str, version: int, artifact: str, cycle: int, inputs: dict[str, str], settings: dict[str, Any]) -> str:
    """Address of an artifact: the first 20 hex digits of sha256 over what it is made from."""
    made_from = json.dumps([stage, version, artifact, cycle, inputs, settings], sort_keys=True)
    return hashlib.sha256(made_from.encode()).hexdigest()[:20]
