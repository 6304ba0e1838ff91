"""Errors that a user can act on: each names the value, the cause and the remedy in one line."""


class SodaError(Exception):
    """A failure the user can mend; the command line prints it as one line, without a traceback.

    Write the message as "what is wrong with which value: why. what to do."
    """


class ConfigError(SodaError):
    """A configuration value is unknown, malformed or out of range."""


class InputError(SodaError):
    """A file or dataset handed in by the user cannot be read as what it should be."""


class StoreError(SodaError):
    """The artifact store refused or could not be reached."""


class MissingArtifactError(StoreError):
    """An artifact that a stage needs does not exist (its manifest is absent)."""


class ModelServerError(SodaError):
    """A model endpoint cannot be started, reached, or does not answer as the OpenAI API says."""


class GradingError(SodaError):
    """Neither the execution view nor the scoring view has an opinion on an answer."""


class SandboxError(SodaError):
    """The sandbox itself failed; never the fault of the program that was run."""


class TrainingError(SodaError):
    """A training job cannot start or must not go on (no data, NaN loss, unusable chat template)."""
