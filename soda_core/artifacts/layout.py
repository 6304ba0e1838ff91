"""Every key of the bucket, in one place.

    runs/<run>/config.json                           the resolved configuration
    runs/<run>/refs/<cycle>/<artifact>.json          which artifact this run uses under that name
    runs/<run>/progress/<cycle>-<stage>.json         how far a running stage is
    runs/<run>/report/index.html, report.json        the report
    artifacts/<artifact>/<fingerprint>/manifest.json written last: the artifact exists when this does
    artifacts/<artifact>/<fingerprint>/part-00000.parquet   rows of a dataset
    artifacts/<artifact>/<fingerprint>/files/<name>         files of a model

Artifacts are addressed by the fingerprint of what they are made from, so runs share what they have in common.
"""

from typing import NamedTuple
from urllib.parse import urlsplit

from soda_core.errors import ConfigError


class RunUri(NamedTuple):
    """Where a run lives: `s3://bucket[/prefix]/runs/name`."""

    bucket: str
    prefix: str
    """Empty, or ending in a slash."""
    run: str

    @classmethod
    def parse(cls, uri: str) -> "RunUri":
        """Split a run URI.

        Raises:
            ConfigError: it is not of the form s3://bucket[/prefix]/runs/name.
        """
        parts = urlsplit(uri)
        path = parts.path.strip("/").split("/")
        if parts.scheme != "s3" or not parts.netloc or len(path) < 2 or path[-2] != "runs" or not path[-1]:
            raise ConfigError(f"run URI '{uri}' is not usable: it must read s3://BUCKET[/PREFIX]/runs/NAME.")
        prefix = "/".join(path[:-2])
        return cls(parts.netloc, f"{prefix}/" if prefix else "", path[-1])

    def __str__(self) -> str:
        return f"s3://{self.bucket}/{self.prefix}runs/{self.run}"


def run_root(uri: RunUri) -> str:
    return f"{uri.prefix}runs/{uri.run}/"


def config_key(uri: RunUri) -> str:
    return f"{run_root(uri)}config.json"


def ref_key(uri: RunUri, cycle: int, artifact: str) -> str:
    return f"{run_root(uri)}refs/{cycle:02d}/{artifact}.json"


def progress_prefix(uri: RunUri) -> str:
    return f"{run_root(uri)}progress/"


def progress_key(uri: RunUri, cycle: int, stage: str) -> str:
    return f"{progress_prefix(uri)}{cycle:02d}-{stage}.json"


def report_key(uri: RunUri, name: str) -> str:
    return f"{run_root(uri)}report/{name}"


def artifact_root(uri: RunUri, artifact: str, fingerprint: str) -> str:
    return f"{uri.prefix}artifacts/{artifact}/{fingerprint}/"


def manifest_key(root: str) -> str:
    return f"{root}manifest.json"


def part_key(root: str, number: int) -> str:
    return f"{root}part-{number:05d}.parquet"


def file_key(root: str, name: str) -> str:
    return f"{root}files/{name}"
