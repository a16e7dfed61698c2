"""What all tests share: a cache of their own, so that no test reads or writes the user's."""

import os

import jaxtyping
import pytest

os.environ.setdefault(
    "OMP_NUM_THREADS", "1"
)  # several tests at a time: threads that wait for each other only lose


@pytest.fixture(scope="session", autouse=True)
def own_cache(tmp_path_factory):
    """Every test and every process it starts keeps pixels and features in a folder of this session."""
    before = os.environ.get("VIDI_CACHE")
    os.environ["VIDI_CACHE"] = str(tmp_path_factory.mktemp("cache"))
    yield
    if before is None:
        del os.environ["VIDI_CACHE"]
    else:
        os.environ["VIDI_CACHE"] = before


@pytest.fixture
def untyped():
    """Shapes are not checked: what is traced passes stand-ins for tensors through the networks."""
    jaxtyping.config.update("jaxtyping_disable", True)
    yield
    jaxtyping.config.update("jaxtyping_disable", False)


@pytest.fixture(scope="session")
def pictures(tmp_path_factory):
    """Thirty pictures of three colours in a folder for each, one of them unreadable: `photos/`."""
    from drawn_job import write_folder

    root = write_folder(tmp_path_factory.mktemp("drawn") / "photos", 10)
    (root / "red" / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    return root


@pytest.fixture(scope="session")
def trained(pictures, tmp_path_factory):
    """A finished probe run on `pictures`, made once; whoever changes its folder copies it first."""
    import vidi

    return vidi.train(pictures, recipe="probe", out=tmp_path_factory.mktemp("runs"))
