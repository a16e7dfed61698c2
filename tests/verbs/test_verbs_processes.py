"""`vidi train` in two processes: one run folder, one summary, the file of one network."""

import json
import os
import subprocess
import sys

import pytest

from drawn_job import write_folder
from vidi.verbs.open import open_model

pytestmark = pytest.mark.slow
LAUNCH = (sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2")


def launched(tmp_path, *words):
    command = [*LAUNCH, "-m", "vidi.cli.main", "train", *map(str, words), "--out", str(tmp_path / "runs")]
    environment = os.environ | {"VIDI_CACHE": str(tmp_path / "cache"), "OMP_NUM_THREADS": "1"}
    return subprocess.run(command, capture_output=True, text=True, timeout=300, env=environment)


@pytest.mark.parametrize("recipe", ["mlp", "tail"])
def test_two_processes_write_one_run(tmp_path, recipe):
    data = write_folder(tmp_path / "data", 12)
    done = launched(tmp_path, data, "--recipe", recipe, "--minutes", "0.5", "--json")
    assert done.returncode == 0, done.stderr[-3000:]
    (run,) = (tmp_path / "runs").iterdir()
    said = json.loads(done.stdout)  # one document, though two processes ran
    assert said["run"] == str(run) and (run / "manifest.json").exists()
    assert open_model(run).labels == ("blue", "green", "red")
    assert not list((run / "checkpoints").glob("view-*"))


def test_a_refusal_is_one_sentence(tmp_path):
    done = launched(tmp_path, tmp_path / "nowhere")
    assert done.returncode != 0
    assert "nowhere does not exist" in done.stderr and "Traceback" not in done.stderr.split("torch")[0]
