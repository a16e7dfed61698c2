"""A network with its classes' names: of a run folder, or by its own name with the weights that come with it."""

from pathlib import Path

from vidi import catalog
from vidi.core.errors import UsageError
from vidi.core.network import Classifier
from vidi.core.vision import torchvision
from vidi.verbs.open import open_model

IMAGENET = 1000


def network_of(what: str | Path, *, size_px: int | None = None) -> tuple[Classifier, tuple[str, ...]]:
    """The network of the run folder `what`, else the pretrained one of that name with ImageNet's 1,000 classes.

    `lite0` comes with its weights; others' weights are kept by their libraries. Raises UsageError for neither.
    """
    path = Path(what)
    if path.exists():
        model = open_model(path)
        return model.network.eval(), model.labels
    if "/" in str(what) and not str(what).startswith(("timm/", "torchvision/")):
        raise UsageError(f"a run folder or a network's name was wanted; {what} does not exist")
    arguments = {"size_px": size_px} if size_px else {}
    if catalog.ALIASES.get(str(what), (str(what),))[0] == "efficientnet_lite":
        network = catalog.network(
            str(what), classes=IMAGENET, pretrained=True, imagenet_head=True, **arguments
        )
    else:
        network = catalog.network(str(what), classes=IMAGENET, pretrained=True, **arguments)
    return network.eval(), imagenet_labels()


def imagenet_labels() -> tuple[str, ...]:
    """The names of ImageNet's 1,000 classes in their order, as torchvision keeps them beside its weights."""
    about = torchvision().models.get_model_weights("resnet18").DEFAULT.meta
    return tuple(str(name) for name in about["categories"])
