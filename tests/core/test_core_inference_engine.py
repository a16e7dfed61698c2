"""An engine computes without a word to anybody: OpenVINO's telemetry is not there for it."""

import subprocess
import sys

import pytest

CODE = """
import socket, sys
asked = []
socket.socket.connect = lambda *a: asked.append(a)
socket.create_connection = lambda *a, **k: asked.append(a)
socket.getaddrinfo = lambda *a, **k: asked.append(a)
import numpy as np
from vidi import catalog
from vidi.evaluation.engine import engine
run = engine(catalog.network("lenet", classes=2), size_px=32)
run(np.zeros((2, 32, 32, 3), np.uint8))
assert run.name == "openvino", run.name
assert not sys.modules.get("openvino_telemetry"), "the telemetry package was loaded"
assert not asked, asked
"""


@pytest.mark.slow
def test_nothing_is_reported_by_openvino():
    done = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
