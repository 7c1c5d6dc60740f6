"""The packed kit: its manifest, and unpacking it once."""
import hashlib
import json
import shutil
import tarfile
from pathlib import Path


class BadKit(Exception):
    pass


class Kit:
    """`folder` is what pack.sh filled; the programs are unpacked into `into` unless that holds them already."""

    def __init__(self, folder, into):
        folder = Path(folder)
        try:
            self.manifest = json.loads((folder / "MANIFEST.json").read_text())
        except (OSError, ValueError) as error:
            raise BadKit(f"{folder} is no kit ({error}); make one with tools/gpu-kit/pack.sh --out {folder}") from error
        self.root = Path(into)
        self._unpack(folder / self.manifest["archive"])

    @property
    def commit(self):
        return self.manifest["commit"] + ("+changes" if self.manifest["changed"] else "")

    def _unpack(self, archive):
        stamp = self.root / "sha256"
        if stamp.exists() and stamp.read_text() == self.manifest["sha256"]:
            return
        try:
            digest = hashlib.sha256(archive.read_bytes()).hexdigest()
        except OSError as error:
            raise BadKit(f"{archive}: {error.strerror}; copy the whole folder that pack.sh filled") from error
        if digest != self.manifest["sha256"]:
            raise BadKit(f"{archive} is not the file that was packed (its SHA-256 differs); copy it again")
        shutil.rmtree(self.root, ignore_errors=True)
        self.root.mkdir(parents=True)
        with tarfile.open(archive, "r:xz") as tar:
            tar.extractall(self.root, filter="data") if hasattr(tarfile, "data_filter") else tar.extractall(self.root)
        stamp.write_text(self.manifest["sha256"])

    def program(self, name):
        return self.root / "bin" / name

    def test(self, name):
        return self.root / "tests" / name

    @property
    def recipe(self):
        return self.root / "share" / "drover" / "recipes" / "arithmetic.textproto"

    @property
    def fixtures(self):
        return self.root / "fixtures"
