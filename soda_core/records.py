"""The rows of every dataset: one frozen pydantic model a kind, in the vocabulary of the paper."""

import hashlib
from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field, model_validator


class SodaModel(BaseModel):
    """Base of every record and configuration section: immutable, and unknown fields are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Language(StrEnum):
    """The programming languages of the paper's workspace and benchmarks (sections 3.3.2 and 4.4)."""

    PYTHON = "python"
    JAVA = "java"
    JAVASCRIPT = "javascript"
    TYPESCRIPT = "typescript"
    C = "c"
    CPP = "cpp"
    GO = "go"


class FaultType(StrEnum):
    """The five kinds of error a faulty solution may contain. Paper, section 3.2."""

    SYNTAX = "syntax"
    LOGICAL = "logical"
    TYPE = "type"
    NAME = "name"
    TIMEOUT = "timeout"


class SolutionKind(StrEnum):
    CORRECT = "correct"
    FAULTY = "faulty"


class Outcome(StrEnum):
    PASSED = "passed"
    FAILED = "failed"
    SKIPPED = "skipped"


class FailureCategory(StrEnum):
    """Why a program failed."""

    SYNTAX = "syntax"  # does not parse or compile
    RUNTIME = "runtime"  # uncaught exception, signal, non-zero exit
    WRONG_ANSWER = "wrong-answer"  # its check failed
    TIMEOUT = "timeout"
    MEMORY = "memory"
    OUTPUT_FLOOD = "output-flood"
    FORBIDDEN = "forbidden"


class SkipReason(StrEnum):
    """Why a program was not judged; never held against it. Paper, section 3.3.2."""

    NO_CODE = "no-code"
    UNSUPPORTED_LANGUAGE = "unsupported-language"
    MISSING_MODULE = "missing-module"
    JAVA_FILE_NAME = "java-file-name"
    TOOLCHAIN_ABSENT = "toolchain-absent"


class Difficulty(StrEnum):
    EASY = "easy"
    MEDIUM = "medium"
    HARD = "hard"


class Question(SodaModel):
    """An instruction to program something."""

    id: str
    text: str = Field(min_length=1)
    language: Language
    cycle: int = Field(1, ge=0)
    """The cycle whose training it first joins; seeds join cycle 1."""
    origin: str = "seed"
    """`seed`, or the difficulty of the question that it was written from."""
    parent_id: str | None = None
    """The question that inspired this one; None for seeds."""
    check: str | None = None
    """Source appended to a solution that exits non-zero when it is wrong; None where there is no such check."""
    reference: str | None = None
    """A known solution, used by decontamination and reports only."""


def question_id(text: str, language: Language) -> str:
    """Stable identity of a question: the first 16 hex digits of sha256 over language and text."""
    return hashlib.sha256(f"{language}\n{text}".encode()).hexdigest()[:16]


class Solution(SodaModel):
    """A teacher's answer to a question; a faulty one names its fault types."""

    question_id: str
    kind: SolutionKind
    text: str
    """The whole response as the student will learn it (prose and fenced code), thinking removed."""
    fault_types: tuple[FaultType, ...] = ()
    attempts: int = Field(1, ge=1)
    """How often the teacher was asked until this one was accepted."""


class PreferencePair(SodaModel):
    """A question with a preferred and a dispreferred solution. Paper, equation 2: chosen = y_c, rejected = y_f."""

    question_id: str
    chosen: str
    rejected: str
    fault_types: tuple[FaultType, ...] = ()


class Answer(SodaModel):
    """The student's attempt at a question, or at one benchmark problem."""

    question_id: str
    sample: int = Field(0, ge=0)
    """0 for the greedy answer; 1.. for sampled ones."""
    text: str
    finish_reason: str = "stop"


class Verdict(SodaModel):
    """What execution said of one answer."""

    question_id: str
    sample: int = 0
    outcome: Outcome
    category: FailureCategory | None = None
    reason: SkipReason | None = None
    detail: str = ""
    """Last lines of the compiler's or program's errors, without paths and times."""

    @model_validator(mode="after")
    def _explained(self) -> "Verdict":
        if (self.outcome is Outcome.FAILED) != (self.category is not None):
            raise ValueError("a failed verdict, and only that, has a category")
        if (self.outcome is Outcome.SKIPPED) != (self.reason is not None):
            raise ValueError("a skipped verdict, and only that, has a reason")
        return self


class QualityScore(SodaModel):
    """What the scoring model said of one answer: five rules in half points. Paper, section 3.3.1."""

    question_id: str
    basic_functionality: float = Field(ge=0, le=2, multiple_of=0.5)
    boundary_check: float = Field(ge=0, le=1, multiple_of=0.5)
    requirement_coverage: float = Field(ge=0, le=1, multiple_of=0.5)
    readability: float = Field(ge=0, le=1, multiple_of=0.5)
    coding_practices: float = Field(ge=0, le=1, multiple_of=0.5)
    analysis: str = ""

    @property
    def total(self) -> float:
        """Sum of the five rules, 0 to 6."""
        return (
            self.basic_functionality
            + self.boundary_check
            + self.requirement_coverage
            + self.readability
            + self.coding_practices
        )


class Grade(SodaModel):
    """The difficulty of one question for the student of one cycle; None where grading leaves it out."""

    question_id: str
    difficulty: Difficulty | None


class BenchmarkResult(SodaModel):
    """One benchmark problem for one student: its greedy verdict, its sampled verdicts and its model score."""

    benchmark: str
    problem_id: str
    language: Language
    prompt: str
    answer: str
    """The greedy answer, whole."""
    verdict: Outcome
    category: FailureCategory | None = None
    num_samples: int = Field(0, ge=0)
    num_passed: int = Field(0, ge=0)
    score: float | None = Field(None, ge=0, le=6)
    """Model score of the greedy answer; None where the judge's answer stayed malformed."""
