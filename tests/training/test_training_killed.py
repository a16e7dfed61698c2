"""A run that is killed or interrupted goes on from the command line and ends in the weights of one never stopped."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from drawn_job import history, write_folder
from vidi.core.errors import UsageError
from vidi.verbs.resume import resume
from vidi.verbs.train import train

OPTIONS = {
    "network": "lenet",
    "size_px": 32,
    "epochs": 40.0,
    "batch": 12,
    "average": 0.95,
    "shift": 0.1,
}
WORDS = [word for name, value in OPTIONS.items() for word in (f"--{name.replace('_', '-')}", str(value))]


def vidi(*words: str) -> subprocess.Popen:
    start = "import sys; from vidi.cli.main import main; sys.argv[0] = 'vidi'; main()"
    return subprocess.Popen(
        [sys.executable, "-c", start, *words, "--checkpoint-seconds", "0"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def begun(data: Path, out: Path) -> subprocess.Popen:
    return vidi("train", str(data), "--recipe", "scratch", *WORDS, "--out", str(out))


def finished(process: subprocess.Popen, code: int = 0) -> str:
    out, error = process.communicate(timeout=100)
    assert process.returncode == code, error[-3000:]
    return out + error


def stopped(process: subprocess.Popen, out: Path, how: int, after: int) -> tuple[Path, subprocess.Popen]:
    """The only run in `out` when its history has so many lines and its process got the signal."""
    until = time.monotonic() + 90
    while not (runs := list(out.glob("*"))) or len(history(runs[0])) < after:
        assert process.poll() is None and time.monotonic() < until, process.communicate()
        time.sleep(0.005)
    process.send_signal(how)
    process.wait(timeout=60)
    return runs[0], process


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return write_folder(tmp_path_factory.mktemp("squares"), 12)


@pytest.fixture(scope="module")
def never_stopped(data, tmp_path_factory):
    return train(data, recipe="scratch", out=tmp_path_factory.mktemp("whole"), **OPTIONS).folder


def steps(run: Path) -> list[int]:
    return [line["step"] for line in history(run) if "loss" in line]


def is_the_same(run: Path, whole: Path) -> None:
    """To the last byte, also the predictions; and the history has every line once."""
    for name in ("model.safetensors", "predictions.parquet", "splits.parquet"):
        assert (run / name).read_bytes() == (whole / name).read_bytes(), name
    assert steps(run) == steps(whole)


def test_killed_and_resumed_is_never_stopped(data, never_stopped, tmp_path):
    """Killed in the middle in one process, resumed in another, and never stopped in this one."""
    run, process = stopped(begun(data, tmp_path), tmp_path, signal.SIGKILL, after=20)
    assert process.returncode == -signal.SIGKILL and not (run / "model.safetensors").exists()
    assert 10 <= len(steps(run)) < len(steps(never_stopped))
    resume(run)
    is_the_same(run, never_stopped)
    with pytest.raises(UsageError, match=r"is finished; train again"):
        resume(run)


@pytest.mark.slow
def test_interrupted_killed_and_resumed_on_the_command_line(data, never_stopped, tmp_path):
    run, process = stopped(begun(data, tmp_path), tmp_path, signal.SIGINT, after=5)
    _, error = process.communicate()
    assert process.returncode == 130, error
    assert "vidi train --resume" in error and "Traceback" not in error
    interrupted = len(steps(run))
    _, process = stopped(vidi("train", "--resume", str(run)), tmp_path, signal.SIGKILL, interrupted + 5)
    assert process.returncode == -signal.SIGKILL
    assert interrupted < len(steps(run)) < len(steps(never_stopped))
    assert "resuming scratch at step" in finished(vidi("train", "--resume", str(run)))
    is_the_same(run, never_stopped)


@pytest.mark.slow
@pytest.mark.parametrize("after", [1, 79])
def test_killed_at_the_first_or_the_last_step(data, never_stopped, tmp_path, after):
    run, _ = stopped(begun(data, tmp_path), tmp_path, signal.SIGKILL, after=after)
    resume(run)
    is_the_same(run, never_stopped)


@pytest.mark.slow
def test_a_resume_on_changed_data_is_refused(tmp_path):
    data, out = write_folder(tmp_path / "data", 12), tmp_path / "out"
    run, _ = stopped(begun(data, out), out, signal.SIGKILL, after=3)
    next((data / "red").glob("*.png")).unlink()
    assert "has changed" in finished(vidi("train", "--resume", str(run)), code=2)
