"""Where the tail is cut, and that looking for it leaves the network as it is."""

import pytest
import torch

from vidi import catalog
from vidi.core.device import seeded
from vidi.core.errors import UsageError
from vidi.evaluation.features import weights_key
from vidi.recipes.tail import Tail, cut_for, mixed


@pytest.fixture(scope="module")
def network():
    return catalog.network("lite0", classes=3, size_px=64, pretrained=True)


def test_looking_for_the_cut_changes_no_weight_and_no_statistic(network):
    """Features kept for the probe serve the tail too: they go by the weights' exact bytes, batch norm's included."""
    before = weights_key(network)
    network.train()
    cut_for(network, 0.5)
    assert weights_key(network) == before


@pytest.mark.slow
def test_a_larger_share_cuts_earlier_and_something_is_always_kept(network):
    cuts = [cut_for(network, share) for share in (0.001, 0.2, 0.5, 0.9, 1.0)]
    assert cuts == sorted(cuts, reverse=True)
    assert cuts[0] == len(network.stages) - 1 and cuts[-1] >= 1 and len(set(cuts)) > 2


def test_early_stages_and_tail_are_the_network(network):
    network.eval()
    cut = cut_for(network, 0.5)
    image = torch.randint(0, 256, (2, 3, 64, 64), dtype=torch.uint8, generator=seeded(0))
    with torch.inference_mode():
        parts = Tail(network, cut)(network.part(0, cut)(network.normalise(image)))
        torch.testing.assert_close(parts, network(image))


def test_a_network_that_cannot_be_cut_is_refused():
    with pytest.raises(UsageError, match="this one cannot be cut: use --recipe finetune"):
        cut_for(catalog.network("linear", classes=3, size_px=8), 0.5)


def test_mixup_of_activations_keeps_shares_and_its_off_switch_is_exact():
    activation = torch.randn(6, 4, 2, 2, generator=seeded(0))
    target = torch.eye(3)[torch.arange(6) % 3]
    same = mixed(activation, target, 0.0, seeded(1))
    assert same[0] is activation and same[1] is target
    new, shares = mixed(activation, target, 0.4, seeded(1))
    torch.testing.assert_close(shares.sum(dim=1), torch.ones(6))
    assert new.shape == activation.shape and not torch.equal(new, activation)
    low, high = activation.min(dim=0).values, activation.max(dim=0).values
    assert (new >= low - 1e-6).all() and (new <= high + 1e-6).all()
