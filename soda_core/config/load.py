"""Resolve a run's configuration: defaults < profile < files < environment SODA_* < trigger form < --set."""

import difflib
import json
import os
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from soda_core.config.run import RunConfig
from soda_core.errors import ConfigError

PROFILES_ROOT = Path(__file__).parent / "profiles"
DEFAULT_PROFILE = "laptop"
ENVIRONMENT_PREFIX = "SODA_"
DEPLOYMENT_VARIABLES = {"HOME", "CACHE", "RUNS_ROOT", "STAGE_PYTHON", "MAX_CYCLES", "TOOLCHAINS", "BACKEND"}
"""SODA_* variables that say where things run, not what a run computes."""
MAX_SHOWN_CHARACTERS = 60


def profiles() -> tuple[str, ...]:
    """The names of the profiles that come with SODA, from the smallest to the largest."""
    order = ["quickstart", "laptop", "single-gpu", "paper"]
    found = {path.stem for path in PROFILES_ROOT.glob("*.toml")}
    return tuple(sorted(found, key=lambda name: (order.index(name) if name in order else len(order), name)))


def resolve(
    profile: str | None = None,
    files: Sequence[Path] = (),
    form: Mapping[str, Any] | None = None,
    overrides: Sequence[str] = (),
    environ: Mapping[str, str] | None = None,
) -> RunConfig:
    """The configuration of a run.

    `form` has dotted keys (`sft.learning_rate`); None values mean "not set". `overrides` are `KEY=VALUE` strings.

    Raises:
        ConfigError: naming the field, the value and what is allowed.
    """
    layers = [
        *(_read_file(Path(path)) for path in files),
        _from_environment(os.environ if environ is None else environ),
        _nested({name: value for name, value in (form or {}).items() if value is not None}),
        _nested(dict(map(_assignment, overrides))),
    ]
    chosen = next((str(layer["profile"]) for layer in reversed(layers) if "profile" in layer), None)
    name = profile or chosen or DEFAULT_PROFILE
    merged: dict[str, Any] = {"name": name}
    for layer in [_read_profile(name), *layers, {"profile": name}]:
        _merge(merged, layer)
    return validated(merged)


def validated(values: Mapping[str, Any]) -> RunConfig:
    """A RunConfig of nested plain values.

    Raises:
        ConfigError: the first of the refused values, in one line.
    """
    try:
        return RunConfig.model_validate(values)
    except ValidationError as error:
        raise ConfigError(_explain(error)) from None
    except json.JSONDecodeError as error:
        raise ConfigError(f"configuration value '{error.doc}' is not valid JSON: {error.msg}.") from None


def _read_profile(name: str) -> dict[str, Any]:
    path = PROFILES_ROOT / f"{name}.toml"
    if name not in profiles():
        raise ConfigError(f"profile '{name}' is unknown{_suggest(name, profiles())}. Profiles: {', '.join(profiles())}.")
    return tomllib.loads(path.read_text())


def _read_file(path: Path) -> dict[str, Any]:
    try:
        text = path.read_text()
        values = json.loads(text) if path.suffix == ".json" else tomllib.loads(text)
    except OSError as error:
        raise ConfigError(f"configuration file {path} cannot be read: {error.strerror}.") from None
    except ValueError as error:
        raise ConfigError(f"configuration file {path} is not valid {path.suffix or 'TOML'}: {error}.") from None
    if not isinstance(values, dict):
        raise ConfigError(f"configuration file {path} must hold an object of settings, not {type(values).__name__}.")
    return values


def _from_environment(environ: Mapping[str, str]) -> dict[str, Any]:
    """SODA_SFT__LEARNING_RATE=1e-5 as {"sft": {"learning_rate": "1e-5"}}; foreign SODA_* names are left alone."""
    settings: dict[str, Any] = {}
    fields = RunConfig.model_fields
    for variable, value in environ.items():
        name = variable.removeprefix(ENVIRONMENT_PREFIX)
        if name == variable or name in DEPLOYMENT_VARIABLES:
            continue
        dotted = name.lower().replace("__", ".")
        head = dotted.split(".")[0]
        if head in fields:
            settings[dotted] = value
        elif "." in dotted or difflib.get_close_matches(head, fields, cutoff=0.85):
            raise ConfigError(f"environment variable {variable} sets no field{_suggest(head, fields)}. Correct or unset it.")
    return _nested(settings)


def _assignment(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name:
        raise ConfigError(f"--set '{text}' is not KEY=VALUE, e.g. --set sft.learning_rate=1e-5.")
    return name.strip(), value


def _nested(dotted: Mapping[str, Any]) -> dict[str, Any]:
    nested: dict[str, Any] = {}
    for name, value in dotted.items():
        target = nested
        *sections, last = name.split(".")
        for section in sections:
            target = target.setdefault(section, {})
            if not isinstance(target, dict):
                raise ConfigError(f"configuration key '{name}' goes below '{section}', which is a value and not a section.")
        target[last] = _plain(value)
    return nested


def _plain(value: Any) -> Any:
    """Text that only JSON can mean otherwise: objects, null."""
    if isinstance(value, str) and (value.startswith("{") or value == "null"):
        try:
            return json.loads(value)
        except ValueError:
            return value
    return value


def _merge(target: dict[str, Any], layer: Mapping[str, Any]) -> None:
    for name, value in layer.items():
        if isinstance(value, Mapping) and isinstance(target.get(name), dict):
            _merge(target[name], value)
        else:
            target[name] = dict(value) if isinstance(value, Mapping) else value


def _explain(error: ValidationError) -> str:
    first = error.errors(include_url=False)[0]
    path = [str(part) for part in first["loc"]]
    field = ".".join(path) or "the configuration"
    if first["type"] == "extra_forbidden":
        names = _fields_at(path[:-1])
        return f"configuration field '{field}' does not exist{_suggest(path[-1], names)}."
    shown = repr(first["input"])
    shown = shown if len(shown) <= MAX_SHOWN_CHARACTERS else f"{shown[:MAX_SHOWN_CHARACTERS]}…"
    message = first["msg"].removeprefix("Value error, ")
    return f"configuration field '{field}' = {shown} is refused: {message}."


def _fields_at(path: Sequence[str]) -> Sequence[str]:
    model: type[BaseModel] = RunConfig
    for name in path:
        field = model.model_fields.get(name)
        candidates = [field.annotation, *getattr(field.annotation, "__args__", ())] if field else []
        models = [kind for kind in candidates if isinstance(kind, type) and issubclass(kind, BaseModel)]
        if not models:
            return ()
        model = models[0]
    return tuple(model.model_fields)


def _suggest(word: str, known: Sequence[str] | Mapping[str, Any]) -> str:
    close = difflib.get_close_matches(word, list(known), n=1)
    return f" (did you mean '{close[0]}'?)" if close else ""
