"""Which objects are there, and which pixels are each one's?"""

from functools import partial

from vidi.core.card import Card
from vidi.core.task import DenseTask
from vidi.data.objects import collate_objects, found_objects, judge_objects, learn_objects, true_objects

CARD = Card(
    title="Instances",
    idea="A mask for each object, with its label and a score.",
    paper="Hariharan et al. 2014, arXiv:1407.1808; Lin et al. 2014, arXiv:1405.0312",
    serves=("instances",),
)

TASK = DenseTask(
    name="instances",
    networks="detectors",
    headline="AP",
    learn=partial(learn_objects, with_masks=True),
    collate=collate_objects,
    found=found_objects,
    truth=partial(true_objects, with_masks=True),
    judge=partial(judge_objects, with_masks=True),
)
