"""Builds the fake CUDA runtime for the torch that is installed; takes a second."""

import platform
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory

_HERE = Path(__file__).parent
_LIBRARIES = re.compile(r"cublas|cusparse|cusolver|nccl")
_RUNTIME = re.compile(r"(__)?cuda(?!Register|Unregister|P\w+CallConf)")


def _installed(package: str, folder: str) -> Path:
    """Return a folder of a package, without the seconds that importing it takes."""
    found = find_spec(package)
    return Path(found.origin if found and found.origin else "missing").parent / folder


_TORCH = _installed("torch", "lib")
_HEADERS = _installed("triton", "backends/nvidia/include")


def why_not() -> str | None:
    """Return why the fake runtime cannot be used here; None if it can."""
    if sys.platform != "linux" or platform.machine() != "x86_64":
        return "fake CUDA needs Linux on x86-64"
    if not (_TORCH / "libtorch_cuda.so").is_file() or not _HEADERS.is_dir():
        return "fake CUDA needs a torch that is built for CUDA"
    missing = [name for name in ("cc", "nm") if not shutil.which(name)]
    return f"fake CUDA needs a C compiler: no {' and no '.join(missing)} here" if missing else None


@contextmanager
def fake_cuda(gpus: int = 1) -> Iterator[dict[str, str]]:
    """Build the runtime; give the environment variables with which a process runs on it."""
    with TemporaryDirectory(prefix="fake-cuda-") as folder:
        out = Path(folder)
        (out / "rest.c").write_text(_rest())
        runtime, libraries = out / "libfake.so", [_HERE / "libraries.c", out / "rest.c"]
        _compile(runtime, [_HERE / "runtime.c", *libraries])
        _compile(out / "libcuda.so.1", [_HERE / "driver.c"])
        yield {
            "LD_LIBRARY_PATH": folder,
            "LD_PRELOAD": str(runtime),
            "FAKE_CUDA_GPUS": str(gpus),
        }


def _compile(out: Path, sources: Sequence[Path]) -> None:
    options = ["-O1", "-w", "-shared", "-fPIC", f"-I{_HEADERS}", "-Wl,--allow-shlib-undefined"]
    subprocess.run(["cc", *options, *map(str, sources), "-o", str(out), "-lpthread"], check=True)


def _rest() -> str:
    """Write what torch links to and our sources lack: libraries succeed, the runtime refuses."""
    wanted: set[str] = set()
    for file in sorted(_TORCH.glob("lib*cuda*.so")):
        listed = subprocess.run(
            ["nm", "-D", "--undefined-only", file], capture_output=True, text=True, check=True
        )
        wanted |= {line.split()[-1].split("@")[0] for line in listed.stdout.splitlines()}
    ours = set(re.findall(r"\b\w+(?=\()", "".join(file.read_text() for file in _HERE.glob("*.c"))))
    lines = ["#include <stdio.h>", "extern void fake_launch(void);"]
    for name in sorted(wanted - ours):
        if _LIBRARIES.match(name):
            lines.append(f"int {name}() {{ return fake_launch(), 0; }}")
        elif _RUNTIME.match(name):
            refusal = f'fputs("fake CUDA has no {name}\\n", stderr)'
            lines.append(f"int {name}() {{ return {refusal}, 801; }}")
    return "\n".join(lines) + "\n"
