"""Which objects are there, and where?"""

from functools import partial

from vidi.core.card import Card
from vidi.core.task import DenseTask
from vidi.data.objects import collate_objects, found_objects, judge_objects, learn_objects, true_objects

CARD = Card(
    title="Detection",
    idea="A box around each object, with its label and a score.",
    paper="Everingham et al. 2010, The Pascal Visual Object Classes Challenge; Lin et al. 2014, arXiv:1405.0312",
    serves=("detection",),
)

TASK = DenseTask(
    name="detection",
    networks="detectors",
    headline="AP",
    learn=partial(learn_objects, with_masks=False),
    collate=collate_objects,
    found=found_objects,
    truth=partial(true_objects, with_masks=False),
    judge=partial(judge_objects, with_masks=False),
)
