"""Every stage by name, in the order in which a cycle runs them."""

from soda_core.methods import soda
from soda_core.stages.base import Stage

STAGES: tuple[Stage, ...] = soda.STAGES
"""The stages of the default method, one cycle after the other; importing this loads no heavy library."""

BY_NAME: dict[str, Stage] = {stage.name: stage for stage in STAGES}
