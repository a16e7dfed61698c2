"""Faster R-CNN, trained on a pretrained backbone."""

from vidi.core.card import Card
from vidi.core.job import Fitted, Job
from vidi.evaluation.activations import keep_maps
from vidi.training.dense import train_dense
from vidi.training.moved import Moves
from vidi.training.settings import Settings

CARD = Card(
    title="Faster R-CNN",
    idea="Regions are proposed first; each is then named and its box refined.",
    paper="Ren et al. 2015, arXiv:1506.01497",
    serves=("detection",),
)


def recipe(
    job: Job,
    *,
    backbone: str = "lite0",
    pretrained: bool = True,
    size_px: int = 320,
    frozen: int = 16,
    views: int = 8,
    width: int = 128,
    epochs: float = 40.0,
    batch: int = 8,
    lr: float = 0.001,
    backbone_rate: float = 0.1,
    weight_decay: float = 0.02,
    average: float = 0.99,
    flip: float = 0.5,
    scale: float = 0.5,
    brightness: float = 0.2,
    clip: float = 10.0,
    optimizer: str = "AdamW",
    schedule: str = "one_cycle",
) -> Fitted:
    """Faster R-CNN on the maps of a backbone.

    backbone: lite0 (embedded) or a timm network's name
    pretrained: start from the backbone's pretrained weights
    size_px: the side images are resized to, in pixels
    frozen: the backbone's stages up to this stride keep their weights (0: none)
    views: moved views of each image whose frozen maps are kept (0: none are, every step moves its images anew)
    width: channels of the head
    epochs: passes over the training split (a time budget overrules it)
    batch: images in a step
    lr: the peak learning rate
    backbone_rate: the factor of the rate for the backbone
    weight_decay: decoupled weight decay
    average: decay of the weights" moving average (0: off)
    flip: how many images are mirrored, as a share (0: off)
    scale: the smallest share of an image's area that a random crop keeps (1: off)
    brightness: how far brightness, contrast and saturation vary (0: off)
    clip: the longest gradient (0: no limit)
    optimizer: a torch optimiser's name
    schedule: how the rate goes
    """
    settings = Settings(
        epochs=epochs,
        batch=batch,
        lr=lr,
        optimizer=optimizer,
        schedule=schedule,
        layer_decay=backbone_rate,
        weight_decay=weight_decay,
        average=average,
        clip=clip,
    )
    return train_dense(
        job,
        "faster_rcnn",
        backbone=backbone,
        pretrained=pretrained,
        size_px=size_px,
        frozen=frozen,
        views=views,
        keep=keep_maps,
        settings=settings,
        moves=Moves(flip, scale, brightness),
        width=width,
    )
