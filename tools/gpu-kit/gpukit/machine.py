"""What this machine has: LibTorch, a GPU, tools."""
import importlib.util
import os
import re
import shutil
import subprocess
from pathlib import Path


class NoTorch(Exception):
    pass


def find_torch(given, wanted):
    """The folder with the libraries of LibTorch `wanted`: `given`, $DROVER_TORCH, that of Python's torch (which is not imported for
    it), or what ./drover setup --cuda unpacked in a checkout around us. NoTorch says what was found instead."""
    folder = given or os.environ.get("DROVER_TORCH")
    if folder and not _is_torch(Path(folder)):
        raise NoTorch(f"{folder} has no libtorch_cpu.so; --torch takes the folder that holds LibTorch's libraries")
    others = []
    for candidate in [Path(folder)] if folder else _candidates():
        version = torch_version(candidate)
        if version is None or version.split("+")[0] == wanted:
            return candidate.resolve()
        others.append(f"{candidate} is {version}")
    if others:
        raise NoTorch(f"the kit was built against LibTorch {wanted}, and {', '.join(others)}")
    raise NoTorch(f"Python has no torch here; install torch=={wanted}, or name LibTorch's lib folder with --torch")


def _is_torch(folder):
    return (folder / "libtorch_cpu.so").exists()


def _candidates():
    spec = importlib.util.find_spec("torch")
    if spec is not None and spec.origin and _is_torch(Path(spec.origin).parent / "lib"):
        yield Path(spec.origin).parent / "lib"
    here = Path(__file__).resolve()
    for folder in [*here.parents, Path.cwd(), *Path.cwd().parents]:
        unpacked = folder / ".deps" / "libtorch" / "lib"
        if _is_torch(unpacked) and (unpacked / "libtorch_cuda.so").exists():
            yield unpacked


def torch_version(libraries):
    """As torch/version.py beside `libraries` says; None where there is none."""
    path = libraries.parent / "version.py"
    if not path.exists():
        return None
    found = re.search(r"__version__\s*(?::\s*str\s*)?=\s*['\"]([^'\"]+)", path.read_text())
    return found.group(1) if found else None


def library_path(libraries):
    """LibTorch's folder, and those of the CUDA wheels beside it (or of the toolkit) for what the programs name themselves."""
    wheels = sorted(str(path) for path in (libraries.parent.parent / "nvidia").glob("*/lib"))
    toolkit = [str(path) for path in [Path(os.environ.get("CUDA_HOME", "/usr/local/cuda")) / "lib64"] if path.is_dir()]
    return ":".join([str(libraries), *(wheels or toolkit)])


def environment(libraries):
    """For the kit's programs; the kit's own libraries are found beside them. What the machine's own path names (its driver, perhaps) stays."""
    paths = [library_path(libraries), os.environ.get("LD_LIBRARY_PATH", "")]
    return {**os.environ, "LD_LIBRARY_PATH": ":".join(filter(None, paths)), "OMP_WAIT_POLICY": "PASSIVE", "GOMP_SPINCOUNT": "0"}


def shown_gpu():
    """(name, driver, memory in MiB) of the first GPU that the driver shows; None without one."""
    if shutil.which("nvidia-smi") is None:
        return None
    try:
        ended = subprocess.run(["nvidia-smi", "--query-gpu=name,driver_version,memory.total", "--format=csv,noheader,nounits"],
                               capture_output=True, text=True, timeout=30)
    except subprocess.TimeoutExpired:
        return None
    fields = [field.strip() for field in ended.stdout.split("\n")[0].split(",")]
    return tuple(fields) if ended.returncode == 0 and len(fields) == 3 else None


def find_tool(name):
    """A tool of the CUDA toolkit; None without it."""
    home = Path(os.environ.get("CUDA_HOME", "/usr/local/cuda"))
    return shutil.which(name) or (str(home / "bin" / name) if (home / "bin" / name).exists() else None)
