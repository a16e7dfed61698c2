"""Groups of what an audit of places looks at: objects by label, size and place, or classes of pixels, by attribute."""

from collections.abc import Sequence

from vidi.audits import maps, objects
from vidi.core.annotations import IGNORE
from vidi.data.found import FoundMap
from vidi.ops.detected import Detected
from vidi.ops.group_rates import GroupRates
from vidi.verbs.dense_answers import Held

TRAITS = (objects.LABEL, objects.SIZE, objects.PLACE)  # of objects, not of images


def grouped(held: Held, by: Sequence[str], smallest: int) -> GroupRates:
    """Every group's numbers, by the kind of what was judged."""
    if isinstance(held.judgement, Detected):
        return objects.audit(
            held.judgement,
            image_hw=[each.image_hw for each in held.truth],
            images=held.attributes,
            by=by,
            smallest=smallest,
        )
    pairs = [
        (true.classes, each.classes)
        for true, each in zip(held.truth, held.found, strict=True)
        if isinstance(true, FoundMap) and isinstance(each, FoundMap)
    ]
    return maps.audit(held.judgement, pairs, ignore=IGNORE, images=held.attributes, by=by, smallest=smallest)
