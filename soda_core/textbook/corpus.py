"""The textbook corpus: families of programming questions with correct and faulty solutions and checks.

A family is a folder `families/<name>/`: `family.toml` says what is asked, one file a language says how it is
solved. Placeholders are written `<<name>>`, so that braces and dollars of seven languages stay untouched.
"""

import random
import re
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from soda_core.records import Difficulty, FaultType, Language, Question, question_id

FAMILIES_ROOT = Path(__file__).parent / "families"
CAMEL_CASE = {Language.JAVA, Language.JAVASCRIPT, Language.TYPESCRIPT, Language.GO}
LANGUAGE_NAMES = {
    Language.PYTHON: "Python",
    Language.JAVA: "Java",
    Language.JAVASCRIPT: "JavaScript",
    Language.TYPESCRIPT: "TypeScript",
    Language.C: "C",
    Language.CPP: "C++",
    Language.GO: "Go",
}
SIGNATURE_SENTENCES = (
    "Write it in <<language>> with the signature `<<signature>>`.",
    "Use <<language>>; the signature is `<<signature>>`.",
    "Your <<language>> code must provide `<<signature>>`.",
    "Answer with a <<language>> function declared as `<<signature>>`.",
)
PLACEHOLDER = re.compile(r"<<(\w+)>>")


@dataclass(frozen=True)
class Program:
    """How one family is solved in one language; every field is a template."""

    signature: str
    correct: str
    check: str
    """Appended to a solution; fails as an assertion of the language when the solution is wrong."""
    faulty: dict[FaultType, str]
    explanations: dict[FaultType, str]
    """What is wrong with each faulty solution, in one sentence."""


@dataclass(frozen=True)
class Family:
    """A parameterised question."""

    name: str
    topic: str
    level: Difficulty
    held_out: bool
    """Held-out families are never taught: they only measure."""
    phrasings: tuple[str, ...]
    names: tuple[str, ...]
    """Function names as spaced words; rendered in the case of the language."""
    parameters: dict[str, tuple[str, ...]]
    """Parameter name to its values, in the order of the file."""
    programs: dict[Language, Program]

    @property
    def num_variants(self) -> int:
        """Distinct questions a language: phrasings x names x parameter values."""
        total = len(self.phrasings) * len(self.names)
        for values in self.parameters.values():
            total *= len(values)
        return total


@dataclass(frozen=True)
class Instance:
    """One question of a family: everything needed to render its text, solutions and check."""

    family: Family
    language: Language
    phrasing: int
    sentence: int
    values: tuple[tuple[str, str], ...]

    @property
    def program(self) -> Program:
        return self.family.programs[self.language]

    def render(self, template: str) -> str:
        """Replace every placeholder.

        Raises:
            KeyError: for a placeholder that the family does not define.
        """
        values = dict(self.values) | {"language": LANGUAGE_NAMES[self.language]}
        return PLACEHOLDER.sub(lambda match: values[match[1]], template).strip("\n")

    @property
    def text(self) -> str:
        """The question as it is put to a model."""
        sentence = SIGNATURE_SENTENCES[self.sentence].replace("<<signature>>", self.program.signature)
        return self.render(f"{self.family.phrasings[self.phrasing].strip()} {sentence}")

    def question(self, cycle: int = 1) -> Question:
        """The seed question, with its check and reference solution."""
        return Question(
            id=question_id(self.text, self.language),
            text=self.text,
            language=self.language,
            cycle=cycle,
            check=self.render(self.program.check),
            reference=self.render(self.program.correct),
        )


def function_name(words: str, language: Language) -> str:
    """`first peak` as `first_peak` or `firstPeak`, whichever the language's style guide asks for."""
    first, *rest = words.split()
    if language in CAMEL_CASE:
        return first + "".join(word.capitalize() for word in rest)
    return "_".join([first, *rest])


def draw(family: Family, language: Language, rng: random.Random) -> Instance:
    """A random instance of `family`; equal generators give equal instances."""
    values = {"function": function_name(rng.choice(family.names), language)}
    values |= {name: rng.choice(choices) for name, choices in family.parameters.items()}
    return Instance(
        family=family,
        language=language,
        phrasing=rng.randrange(len(family.phrasings)),
        sentence=rng.randrange(len(SIGNATURE_SENTENCES)),
        values=tuple(sorted(values.items())),
    )


def find(text: str) -> Instance | None:
    """The instance whose question is exactly `text`, white space folded; None when it is not of this corpus."""
    folded = " ".join(text.split())
    for pattern, family, language, phrasing, sentence in _patterns():
        match = pattern.fullmatch(folded)
        if match:
            return Instance(family, language, phrasing, sentence, tuple(sorted(match.groupdict().items())))
    return None


@cache
def _patterns() -> tuple[tuple[re.Pattern[str], Family, Language, int, int], ...]:
    return tuple(
        (_compile(family, language, phrasing, sentence), family, language, phrasing, sentence)
        for family in families()
        for language in family.programs
        for phrasing in range(len(family.phrasings))
        for sentence in range(len(SIGNATURE_SENTENCES))
    )


def _compile(family: Family, language: Language, phrasing: int, sentence: int) -> re.Pattern[str]:
    """A pattern that matches the texts of one phrasing, with one named group a parameter."""
    tail = SIGNATURE_SENTENCES[sentence].replace("<<signature>>", family.programs[language].signature)
    template = " ".join(f"{family.phrasings[phrasing]} {tail}".split())
    choices = {"function": [function_name(words, language) for words in family.names]}
    choices |= {name: list(values) for name, values in family.parameters.items()}
    seen: set[str] = set()

    def group(name: str) -> str:
        if name == "language":
            return re.escape(LANGUAGE_NAMES[language])
        if name in seen:
            return f"(?P={name})"
        seen.add(name)
        longest_first = sorted(choices[name], key=len, reverse=True)
        return f"(?P<{name}>{'|'.join(map(re.escape, longest_first))})"

    pieces = PLACEHOLDER.split(template)
    source = "".join(group(piece) if i % 2 else re.escape(piece) for i, piece in enumerate(pieces))
    missing = choices.keys() - seen
    if missing:
        raise ValueError(f"family {family.name}, phrasing {phrasing}: it does not mention {sorted(missing)}")
    return re.compile(source)


@cache
def families() -> tuple[Family, ...]:
    """Every family of the corpus, by name."""
    return tuple(_load(folder) for folder in sorted(FAMILIES_ROOT.iterdir()) if folder.is_dir())


def _load(folder: Path) -> Family:
    about = tomllib.loads((folder / "family.toml").read_text())
    return Family(
        name=folder.name,
        topic=about["topic"],
        level=Difficulty(about["level"]),
        held_out=about.get("held_out", False),
        phrasings=tuple(about["phrasings"]),
        names=tuple(about["names"]),
        parameters={name: tuple(map(str, values)) for name, values in about.get("parameters", {}).items()},
        programs={
            language: _load_program(path)
            for language in Language
            if (path := folder / f"{language.value}.toml").exists()
        },
    )


def _load_program(path: Path) -> Program:
    about = tomllib.loads(path.read_text())
    return Program(
        signature=about["signature"],
        correct=about["correct"],
        check=about["check"],
        faulty={FaultType(name): fault["code"] for name, fault in about["faulty"].items()},
        explanations={FaultType(name): fault["why"] for name, fault in about["faulty"].items()},
    )
