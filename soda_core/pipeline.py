"""Run one stage of one cycle: used by the command line on every backend, and asked by the operators what is done."""

import importlib
import json
import logging
import os
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from soda_core import __version__
from soda_core.artifacts import layout
from soda_core.artifacts.manifest import ArtifactKind, Manifest, Usage, fingerprint
from soda_core.artifacts.store import ArtifactStore
from soda_core.config.run import RunConfig
from soda_core.errors import MissingArtifactError
from soda_core.stages.base import DATASETS, Server, Stage
from soda_core.stages.context import StageContext

logger = logging.getLogger(__name__)


class Plan(NamedTuple):
    """What one stage would read and write in one cycle."""

    inputs: dict[str, Manifest]
    digests: dict[str, str]
    settings: dict[str, Any]
    fingerprints: dict[str, str]


def open_store(uri: layout.RunUri) -> ArtifactStore:
    """The store that a run URI points to."""
    from soda_core.artifacts.s3 import S3Store

    return S3Store(uri.bucket)


def save_config(store: ArtifactStore, uri: layout.RunUri, config: RunConfig) -> None:
    """Store the resolved configuration with the run."""
    store.put(layout.config_key(uri), config.model_dump_json(indent=2).encode())


def load_config(store: ArtifactStore, uri: layout.RunUri) -> RunConfig:
    """The configuration stored with a run.

    Raises:
        MissingArtifactError: the run was never configured.
    """
    stored = store.get(layout.config_key(uri))
    if stored is None:
        raise MissingArtifactError(f"run {uri} has no configuration: trigger it first, e.g. `soda-distill run`.")
    return RunConfig.model_validate_json(stored.body)


def find_manifest(store: ArtifactStore, uri: layout.RunUri, cycle: int, artifact: str) -> Manifest | None:
    """The manifest of the artifact that a run uses under this name in this cycle, if there is one."""
    ref = store.get(layout.ref_key(uri, cycle, artifact))
    if ref is None:
        return None
    root = layout.artifact_root(uri, artifact, json.loads(ref.body)["fingerprint"])
    stored = store.get(layout.manifest_key(root))
    return None if stored is None else Manifest.model_validate_json(stored.body)


def plan_stage(store: ArtifactStore, uri: layout.RunUri, stage: Stage, cycle: int, config: RunConfig) -> Plan:
    """Resolve the inputs of a stage and the addresses of its outputs.

    Raises:
        MissingArtifactError: an input has not been made yet.
    """
    inputs: dict[str, Manifest] = {}
    digests: dict[str, str] = {}
    for use in stage.inputs:
        at = use.cycle(cycle, config)
        manifest = find_manifest(store, uri, at, use.artifact) if at >= 0 else None
        if manifest is not None:
            inputs[use.artifact] = manifest
            digests[f"{use.artifact}@{at}"] = manifest.digest
        elif not use.optional:
            raise MissingArtifactError(
                f"stage '{stage.name}' of cycle {cycle} needs {use.artifact} of cycle {at}: run the stage that writes it first."
            )
    settings = {name: _setting(config, name) for name in stage.settings}
    prints = {
        use.artifact: fingerprint(stage.name, stage.version, use.artifact, cycle, digests, settings)
        for use in stage.outputs
    }
    return Plan(inputs, digests, settings, prints)


def is_done(store: ArtifactStore, uri: layout.RunUri, stage: Stage, cycle: int, config: RunConfig) -> bool:
    """Whether every output of the stage exists, made from just these inputs and settings."""
    try:
        plan = plan_stage(store, uri, stage, cycle, config)
    except MissingArtifactError:
        return False
    return all(
        store.exists(layout.manifest_key(layout.artifact_root(uri, artifact, address)))
        for artifact, address in plan.fingerprints.items()
    )


def run_stage(store: ArtifactStore, uri: layout.RunUri, stage: Stage, cycle: int, endpoints: dict[Server, str]) -> bool:
    """Do the work of one stage, or find that it is done already.

    Returns:
        True when there was work to do.

    Raises:
        SodaError: the stage cannot do its work; parts already written stay.
    """
    config = load_config(store, uri)
    plan = plan_stage(store, uri, stage, cycle, config)
    roots = {artifact: layout.artifact_root(uri, artifact, address) for artifact, address in plan.fingerprints.items()}
    if all(store.exists(layout.manifest_key(root)) for root in roots.values()):
        logger.info("%s: nothing to do, all outputs exist", stage.name)
        _write_refs(store, uri, stage, cycle, config, plan)
        return False
    context = StageContext(
        run=uri,
        stage=stage,
        cycle=cycle,
        config=config,
        store=store,
        inputs=plan.inputs,
        roots=roots,
        endpoints=endpoints,
        cache=cache_folder(),
    )
    started = time.monotonic()
    module, function = stage.main.split(":")
    getattr(importlib.import_module(module), function)(context)
    context.usage += Usage(wall_seconds=round(time.monotonic() - started, 3))
    for artifact in roots:
        _commit(context, plan, artifact)
    _write_refs(store, uri, stage, cycle, config, plan)
    return True


def cache_folder() -> Path:
    """Where models are kept between stages: $SODA_CACHE, or the user's cache folder."""
    return Path(os.environ.get("SODA_CACHE") or Path.home() / ".cache" / "soda")


def _commit(context: StageContext, plan: Plan, artifact: str) -> None:
    """Write the manifest, last. A racing copy that was first wins; both are complete."""
    is_dataset = artifact in DATASETS
    writer = context.writers.get(artifact)
    parts = writer.finished_parts() if writer else context.model_parts.get(artifact, ())
    counters = dict(context.counters)
    for name, number in (writer.counters if writer else {}).items():
        counters[name] = counters.get(name, 0) + number
    manifest = Manifest(
        artifact=artifact,
        kind=ArtifactKind.DATASET if is_dataset else ArtifactKind.MODEL,
        record=DATASETS[artifact].__name__ if is_dataset else "",
        stage=context.stage.name,
        cycle=context.cycle,
        fingerprint=plan.fingerprints[artifact],
        inputs=plan.digests,
        settings=plan.settings,
        code_version=__version__,
        parts=parts,
        counters=counters,
        metrics=context.metrics,
        usage=context.usage + (writer.usage if writer else Usage()),
        created=datetime.now(UTC).isoformat(timespec="seconds"),
    )
    body = manifest.model_dump_json(indent=2).encode()
    context.store.put(layout.manifest_key(context.roots[artifact]), body, if_absent=True)


def _write_refs(store: ArtifactStore, uri: layout.RunUri, stage: Stage, cycle: int, config: RunConfig, plan: Plan) -> None:
    for use in stage.outputs:
        ref = json.dumps({"artifact": use.artifact, "fingerprint": plan.fingerprints[use.artifact], "stage": stage.name})
        store.put(layout.ref_key(uri, use.cycle(cycle, config), use.artifact), ref.encode())


def _setting(config: RunConfig, dotted: str) -> Any:
    value: Any = config.model_dump(mode="json")
    for name in dotted.split("."):
        value = value[name]
    return value

