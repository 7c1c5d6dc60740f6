"""Where the kit's runner is, and kits made up for its tests."""
import hashlib
import json
import sys
import tarfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TOOLS = ROOT / "tools" / "gpu-kit"
sys.path.insert(0, str(TOOLS / "gpukit"))


def make_kit(folder, files=None, **more):
    """A folder as pack.sh fills it, with `files` {path: text} packed; `more` overrides the manifest."""
    folder.mkdir(parents=True)
    content = folder / "content"
    for path, text in {"bin/drover": "", **(files or {})}.items():
        (content / path).parent.mkdir(parents=True, exist_ok=True)
        (content / path).write_text(text)
    with tarfile.open(folder / "kit.tar.xz", "w:xz") as tar:
        tar.add(content, ".")
    digest = hashlib.sha256((folder / "kit.tar.xz").read_bytes()).hexdigest()
    manifest = {"commit": "abc", "changed": False, "torch": "2.11.0", "cuda": "13.0", "archive": "kit.tar.xz", "sha256": digest, **more}
    (folder / "MANIFEST.json").write_text(json.dumps(manifest))
    return folder
