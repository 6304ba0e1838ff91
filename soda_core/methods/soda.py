"""The method of the paper: three stages a cycle, as one list. Paper, figure 2."""

from soda_core.stages.base import At, Image, Server, Stage, Use, When

MODULES = "soda_core.stages"
SEED = ("seed",)
SANDBOX = ("sandbox",)

PREPARE = (
    Stage(
        "import_questions",
        phase="prepare",
        main=f"{MODULES}.prepare.import_questions:main",
        when=When.ONCE,
        outputs=(Use("new_questions"),),
        settings=(*SEED, "questions.source", "questions.count", "questions.languages"),
    ),
    Stage(
        "fetch_student",
        phase="prepare",
        main=f"{MODULES}.prepare.fetch_student:main",
        when=When.ONCE,
        outputs=(Use("student"),),
        settings=("student.name",),
        image=Image.TRAINER,
    ),
)

DELIVER = (
    Stage(
        "solve",
        phase="deliver",
        main=f"{MODULES}.deliver.solve:main",
        when=When.EACH,
        inputs=(Use("questions"),),
        outputs=(Use("candidates"),),
        settings=(*SEED, "teacher", "deliver.contrast_share", "part_size"),
        servers=(Server.TEACHER,),
    ),
    Stage(
        "verify",
        phase="deliver",
        main=f"{MODULES}.deliver.verify:main",
        when=When.EACH,
        inputs=(Use("questions"), Use("candidates")),
        outputs=(Use("solutions"),),
        settings=(*SEED, *SANDBOX, "teacher", "deliver.verify", "deliver.max_attempts", "part_size"),
        servers=(Server.TEACHER,),
        image=Image.EXECUTOR,
    ),
    Stage(
        "split",
        phase="deliver",
        main=f"{MODULES}.deliver.split:main",
        when=When.EACH,
        inputs=(
            Use("questions"),
            Use("solutions"),
            Use("sft_solutions", At.PREVIOUS, optional=True),
            Use("pairs", At.PREVIOUS, optional=True),
        ),
        outputs=(Use("sft_solutions"), Use("pairs")),
        settings=(*SEED, "deliver.contrast_share", "part_size"),
    ),
    Stage(
        "sft",
        phase="deliver",
        main=f"{MODULES}.deliver.sft:main",
        when=When.EACH,
        inputs=(Use("questions"), Use("sft_solutions"), Use("student", At.START)),
        outputs=(Use("sft_model"),),
        settings=(*SEED, "sft"),
        image=Image.TRAINER,
    ),
    Stage(
        "dpo",
        phase="deliver",
        main=f"{MODULES}.deliver.dpo:main",
        when=When.EACH,
        inputs=(Use("questions"), Use("pairs"), Use("sft_model")),
        outputs=(Use("student"),),
        settings=(*SEED, "dpo"),
        image=Image.TRAINER,
    ),
)

FEEDBACK = (
    Stage(
        "answer",
        phase="feedback",
        main=f"{MODULES}.feedback.answer:main",
        when=When.EACH,
        inputs=(Use("questions"), Use("student")),
        outputs=(Use("answers"),),
        settings=(*SEED, "student.max_new_tokens", "part_size"),
        servers=(Server.STUDENT,),
    ),
    Stage(
        "execute",
        phase="feedback",
        main=f"{MODULES}.feedback.execute:main",
        when=When.EACH,
        inputs=(Use("questions"), Use("answers")),
        outputs=(Use("verdicts"),),
        settings=(*SANDBOX, "part_size"),
        image=Image.EXECUTOR,
        view="execution",
    ),
    Stage(
        "score",
        phase="feedback",
        main=f"{MODULES}.feedback.score:main",
        when=When.EACH,
        inputs=(Use("questions"), Use("answers")),
        outputs=(Use("scores"),),
        settings=(*SEED, "teacher", "judge", "feedback.max_attempts", "part_size"),
        servers=(Server.JUDGE,),
        view="scoring",
    ),
)

UPDATE = (
    Stage(
        "grade",
        phase="update",
        main=f"{MODULES}.update.grade:main",
        when=When.EACH,
        inputs=(Use("answers"), Use("verdicts", optional=True), Use("scores", optional=True)),
        outputs=(Use("grades"),),
        settings=("feedback.grading", "part_size"),
    ),
    Stage(
        "write_questions",
        phase="update",
        main=f"{MODULES}.update.write_questions:main",
        when=When.NOT_LAST,
        inputs=(Use("questions"), Use("grades")),
        outputs=(Use("new_questions"),),
        settings=(*SEED, "teacher", "questions.new_per_cycle", "questions.ratio", "part_size"),
        servers=(Server.TEACHER,),
    ),
    Stage(
        "clean_questions",
        phase="update",
        main=f"{MODULES}.update.clean_questions:main",
        when=When.BEFORE_EACH,
        inputs=(Use("new_questions"), Use("questions", optional=True)),
        outputs=(Use("questions", At.NEXT),),
        settings=("questions.near_duplicate", "questions.contamination", "evaluation.benchmarks", "part_size"),
    ),
)

EVALUATE = (
    Stage(
        "benchmark_answer",
        phase="evaluate",
        main=f"{MODULES}.evaluate.benchmark_answer:main",
        when=When.WITH_BASE,
        inputs=(Use("student"),),
        outputs=(Use("benchmark_answers"),),
        settings=(*SEED, "student.max_new_tokens", "evaluation", "part_size"),
        servers=(Server.STUDENT,),
    ),
    Stage(
        "evaluate",
        phase="evaluate",
        main=f"{MODULES}.evaluate.evaluate:main",
        when=When.WITH_BASE,
        inputs=(Use("benchmark_answers"),),
        outputs=(Use("benchmark_results"),),
        settings=(*SEED, *SANDBOX, "teacher", "judge", "evaluation", "feedback.max_attempts", "part_size"),
        servers=(Server.JUDGE,),
        image=Image.EXECUTOR,
    ),
)

STAGES: tuple[Stage, ...] = PREPARE + DELIVER + FEEDBACK + UPDATE + EVALUATE
