"""What this machine is and can do; seeds."""

import contextlib
import ctypes
import functools
import os
import platform
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch

CPUINFO = Path("/proc/cpuinfo")


def seeded(seed: int = 0, device: str = "cpu") -> torch.Generator:
    """A generator of its own, so that results do not depend on what ran before."""
    return torch.Generator(device).manual_seed(seed)


@contextlib.contextmanager
def drawn_from(generator: torch.Generator | None) -> Iterator[None]:
    """Inside, whatever draws from torch's own CPU generator depends on `generator` alone; None: as it is.

    For layers and libraries that initialise themselves. `generator` moves on, torch's own is as before.
    """
    if generator is None:
        yield
        return
    seed = int(torch.randint(2**62, (), generator=generator, device=generator.device))
    before = torch.default_generator.get_state()
    torch.default_generator.manual_seed(seed)
    try:
        yield
    finally:
        torch.default_generator.set_state(before)


def spawned(generator: torch.Generator | None) -> torch.Generator | None:
    """A new generator that depends on `generator` alone, which moves on; None: None."""
    if generator is None:
        return None
    return seeded(int(torch.randint(2**62, (), generator=generator, device=generator.device)))


@functools.cache
def native_bf16() -> bool:
    """True where this CPU multiplies bfloat16 in hardware; elsewhere it is emulated and slower than fp32."""
    try:
        with CPUINFO.open(encoding="utf-8", errors="replace") as stream:
            flags = stream.read(65536)
    except OSError:
        return False
    return "avx512_bf16" in flags or "amx_bf16" in flags or " bf16" in flags


@functools.cache
def tune_memory() -> None:
    """Keep freed pages for reuse: fresh pages cost a convnet's training on a CPU up to a fifth of its time (glibc)."""
    if sys.platform != "linux":
        return
    trim_threshold, mmap_threshold = -1, -3  # names in malloc.h
    try:
        mallopt = ctypes.CDLL("libc.so.6").mallopt
        mallopt(mmap_threshold, 1 << 30)
        mallopt(trim_threshold, 1 << 30)
    except (OSError, AttributeError):  # another libc: nothing to raise
        return


def processors() -> int:
    """How many processors this process may use."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:
        return os.cpu_count() or 1


def machine() -> dict[str, Any]:
    """What a result must say of where it was measured."""
    model = platform.processor() or platform.machine()
    try:
        with CPUINFO.open(encoding="utf-8", errors="replace") as stream:
            model = next(
                (line.split(":")[1].strip() for line in stream if line.startswith("model name")), model
            )
    except OSError:
        pass
    return {
        "system": platform.system(),
        "cpu": model,
        "processors": processors(),
        "native_bf16": native_bf16(),
    }


def versions() -> dict[str, str]:
    """Versions of what a model's numbers depend on."""
    from importlib.metadata import PackageNotFoundError, version

    found = {"python": platform.python_version()}
    for name in ("vidi", "torch", "torchvision", "timm", "openvino", "numpy", "scikit-learn", "pillow"):
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found
