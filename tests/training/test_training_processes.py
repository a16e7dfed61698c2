"""Two processes train the network that one trains."""

import subprocess
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from two_processes import NETWORKS, SETTINGS, trained

from drawn_job import history

SCRIPT = Path(__file__).with_name("two_processes.py")


@pytest.fixture(scope="module")
def in_two(tmp_path_factory):
    folder = tmp_path_factory.mktemp("two")
    launch = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    done = subprocess.run([*launch, str(SCRIPT), str(folder)], capture_output=True, text=True, timeout=100)
    assert done.returncode == 0, done.stderr[-3000:]
    return folder


@pytest.mark.slow
@pytest.mark.parametrize("name", NETWORKS)
def test_two_processes_give_the_model_of_one(in_two, tmp_path, name):
    """Networks without batch norm, in fp32, with a batch that does not divide evenly: equal but for rounding."""
    one = trained(tmp_path, name)
    two, also = (load_file(in_two / name / f"weights-{rank}.safetensors") for rank in (0, 1))
    for key in one:
        torch.testing.assert_close(two[key], one[key], rtol=1e-5, atol=1e-5)
        assert torch.equal(two[key], also[key])


@pytest.mark.parametrize("name", NETWORKS)
def test_only_the_main_process_writes(in_two, name):
    total = 3 * 4
    assert [line["step"] for line in history(in_two / name)] == list(range(1, total + 1))
    assert SETTINGS.epochs == 3.0
    files = {str(p.relative_to(in_two / name)) for p in (in_two / name).rglob("*") if p.is_file()}
    assert files == {
        "history.jsonl",
        "checkpoints/train.safetensors",
        "weights-0.safetensors",
        "weights-1.safetensors",
    }
