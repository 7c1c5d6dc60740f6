"""The messages of proto/, made by the system's protoc when this is imported."""
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
MESSAGES = ("group", "journal", "options", "recipe")

_folder = tempfile.TemporaryDirectory()
subprocess.run(["protoc", f"-I{ROOT / 'proto'}", f"--python_out={_folder.name}",
                *(f"drover/v1/{name}.proto" for name in MESSAGES)], check=True)
sys.path.insert(0, _folder.name)

from drover.v1 import group_pb2, journal_pb2, recipe_pb2  # noqa: E402
from google.protobuf import text_format  # noqa: E402

Group, JournalEvent = group_pb2.Group, journal_pb2.JournalEvent
FINISH_REASON_LENGTH = group_pb2.FINISH_REASON_LENGTH
outcome_name = journal_pb2.LeaseOutcome.Name


def read_recipe(path):
    return text_format.Parse(Path(path).read_text(), recipe_pb2.Recipe())
