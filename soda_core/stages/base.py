"""What a stage declares about itself, and the names of everything that stages hand to one another."""

import hashlib
from dataclasses import dataclass
from enum import StrEnum

from soda_core.config.run import RunConfig
from soda_core.records import (
    Answer,
    BenchmarkResult,
    Grade,
    PreferencePair,
    QualityScore,
    Question,
    SodaModel,
    Solution,
    Verdict,
)

DATASETS: dict[str, type[SodaModel]] = {
    "questions": Question,  # everything the student may be taught from, by the cycle that first used it
    "new_questions": Question,  # imported or freshly written, before cleaning
    "candidates": Solution,  # as the teacher wrote them
    "solutions": Solution,  # verified, of the questions that joined in this cycle
    "sft_solutions": Solution,  # correct ones of the SFT share, of all cycles so far
    "pairs": PreferencePair,  # of the contrast share, of all cycles so far
    "answers": Answer,
    "verdicts": Verdict,
    "scores": QualityScore,
    "grades": Grade,
    "benchmark_answers": Answer,
    "benchmark_results": BenchmarkResult,
}
MODELS = {"sft_model", "student"}


class At(StrEnum):
    """Which cycle's artifact is meant, seen from the cycle of the stage."""

    NOW = "now"
    PREVIOUS = "previous"
    NEXT = "next"
    BASE = "base"  # cycle 0
    START = "start"  # where training starts: BASE or PREVIOUS, as deliver.start_from says


class When(StrEnum):
    """The cycles in which a stage has work."""

    ONCE = "once"  # cycle 0
    BEFORE_EACH = "before-each"  # cycles 0 to n-1: it prepares the next cycle
    EACH = "each"  # cycles 1 to n
    NOT_LAST = "not-last"  # cycles 1 to n-1
    WITH_BASE = "with-base"  # cycles 0 to n


class Image(StrEnum):
    """What a stage needs installed."""

    CORE = "core"  # soda_core alone
    EXECUTOR = "executor"  # the sandbox and the toolchains
    TRAINER = "trainer"  # torch, TRL, DeepSpeed


class Server(StrEnum):
    """The model servers a stage may ask."""

    TEACHER = "teacher"
    JUDGE = "judge"
    STUDENT = "student"


@dataclass(frozen=True)
class Use:
    """One input or output of a stage."""

    artifact: str
    at: At = At.NOW
    optional: bool = False

    def cycle(self, now: int, config: RunConfig) -> int:
        """The cycle whose artifact is meant when the stage runs in cycle `now`."""
        if self.at is At.START:
            return 0 if config.deliver.start_from == "base" else now - 1
        return {At.NOW: now, At.PREVIOUS: now - 1, At.NEXT: now + 1, At.BASE: 0}[self.at]


@dataclass(frozen=True)
class Stage:
    """One step that reads and writes artifacts, the same on every backend."""

    name: str
    phase: str
    """prepare, deliver, feedback, update or evaluate: its folder and its task group."""
    main: str
    """`module:function` taking a StageContext; imported only when the stage runs."""
    when: When
    inputs: tuple[Use, ...] = ()
    outputs: tuple[Use, ...] = ()
    settings: tuple[str, ...] = ()
    """Configuration fields that can change what it writes, e.g. `deliver.verify`."""
    servers: tuple[Server, ...] = ()
    image: Image = Image.CORE
    view: str | None = None
    """`execution` or `scoring` for stages that are left out when that view is off."""
    version: int = 1
    """Raise it when the stage's code would write something else from the same inputs."""

    def runs_in(self, cycle: int, config: RunConfig) -> bool:
        """Whether the stage has work in `cycle` of a run with this configuration."""
        if self.view is not None and not getattr(config.feedback, self.view):
            return False
        last = config.cycles
        return {
            When.ONCE: cycle == 0,
            When.BEFORE_EACH: 0 <= cycle < last,
            When.EACH: 1 <= cycle <= last,
            When.NOT_LAST: 1 <= cycle < last,
            When.WITH_BASE: 0 <= cycle <= last,
        }[self.when]


def derive_seed(*parts: object) -> int:
    """A seed in 0 .. 2**31-1 from anything printable: equal parts, equal seed, on every machine."""
    digest = hashlib.sha256("\x1f".join(map(str, parts)).encode()).digest()
    return int.from_bytes(digest[:4], "big") & 0x7FFFFFFF
