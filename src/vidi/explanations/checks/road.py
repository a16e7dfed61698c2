"""Does what the map ranks highest tell more than what it ranks lowest, once holes no longer tell anything?"""

import torch
from jaxtyping import Float
from torch import Tensor

from vidi.core.card import Card
from vidi.core.device import seeded
from vidi.core.measured import Claim
from vidi.explanations.subject import Checked, Subject, mean_over_images
from vidi.ops.imputation import imputed
from vidi.ops.ranked import rank_masks, ranks

CARD = Card(
    title="Remove and debias (ROAD)",
    idea="Pixels are removed and guessed from their neighbours, so that the holes' shape gives nothing away; removing "
    "the highest must cost more than removing the lowest.",
    paper="Rong et al. 2022, arXiv:2202.00449, sections 4.2 and 5",
    differs="The probability is compared, not the accuracy; noise of 0.01 x 255 on guessed pixels, as in their code.",
    facts={"finds": "a map drawn at random", "bound": 0.0, "at_least": True, "answers": 8, "guesses": 8},
)
SHARES, NOISE = (0.2, 0.4, 0.6, 0.8), 0.01 * 255


def check(subject: Subject) -> Checked | None:
    """Mean over images and shares of half the difference: least relevant first minus most relevant first."""
    order = ranks(subject.maps, generator=seeded(subject.seed))
    most, least = curve(subject, order), curve(subject, -order)
    gain = mean_over_images("ROAD", (least - most).mean(dim=0) / 2, subject, unit="probability")
    return Checked(
        "road",
        gain,
        Claim(gain.name, True, 0.0),
        "removing what it ranks highest costs no more than the lowest",
    )


def curve(subject: Subject, maps: Float[Tensor, "n h w"]) -> Float[Tensor, "s n"]:
    """The probability with each share of the pixels removed, those that `maps` rank highest first."""
    pixels, found = subject.images.float(), []
    noise = NOISE * torch.randn(pixels.shape[1:], generator=seeded(subject.seed))
    for missing in rank_masks(maps, torch.tensor(SHARES)):
        guessed = imputed(pixels, missing)
        guessed = torch.where(missing[:, None], (guessed + noise).clamp(0, 255), guessed)
        found.append(subject.value(guessed[None]))
    return torch.cat(found)
