"""The study behind ``fastperturb evaluate``: configuration, tasks, results, advice. See docs/evaluate.md."""

from ..._renamed import old_names
from .building import build_study
from .config import Aims, StudyConfig, make_config, read_config
from .recommendation import Advice, Choice, Standing, found_best, recommend, strongest
from .results import StudyResults
from .rows import Failure, Row, Rows
from .running import Running, Stopped, run_study
from .tasks import Study, Task

__all__ = [
    "Advice",
    "Aims",
    "Choice",
    "Failure",
    "Row",
    "Rows",
    "Running",
    "Standing",
    "Stopped",
    "Study",
    "StudyConfig",
    "StudyResults",
    "Task",
    "build_study",
    "found_best",
    "make_config",
    "read_config",
    "recommend",
    "run_study",
    "strongest",
]

__getattr__ = old_names(__name__, {"Cell": "Task"})
