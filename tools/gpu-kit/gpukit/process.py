"""Programs with a time limit, each in a session of its own so that nothing of it is left behind."""
import os
import signal
import subprocess
import time
from dataclasses import dataclass

from part import PartFailed


@dataclass
class Ended:
    status: int
    text: str  # standard output and error together, as far as they came
    seconds: float


def end_session(process, sign=signal.SIGKILL):
    """Ends the program and all that it started and that stayed in its session."""
    try:
        os.killpg(process.pid, sign)
    except ProcessLookupError:
        pass


class Session:
    """A program that runs beside us; its output goes to a file."""

    def __init__(self, command, log, environment):
        self.log = log
        self._file = open(log, "wb")
        self.process = subprocess.Popen([str(word) for word in command], stdout=self._file, stderr=subprocess.STDOUT,
                                        stdin=subprocess.DEVNULL, env=environment, start_new_session=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        end_session(self.process)
        self.process.wait()
        self._file.close()

    def wait(self, seconds):
        """The exit status; None when it still runs after `seconds`."""
        try:
            return self.process.wait(max(seconds, 0.001))
        except subprocess.TimeoutExpired:
            return None

    def text(self):
        return self.log.read_bytes().decode(errors="replace")


def run(command, log, environment, seconds):
    """Runs a program to its end; after `seconds` it is killed and PartFailed says so, with its last words."""
    begun = time.monotonic()
    with Session(command, log, environment) as session:
        status = session.wait(seconds)
    ended = Ended(status, session.text(), time.monotonic() - begun)
    if status is None:
        raise TimedOut(f"{os.path.basename(str(command[0]))} ran past {seconds:.0f} s: {last_words(ended.text)}", ended)
    return ended


class TimedOut(PartFailed):
    """`ended` is what came until then."""

    def __init__(self, reason, ended):
        super().__init__(reason)
        self.ended = ended


def check(command, log, environment, seconds):
    """As run(); a status other than 0 is PartFailed."""
    ended = run(command, log, environment, seconds)
    if ended.status != 0:
        what = f"signal {-ended.status}" if ended.status < 0 else f"status {ended.status}"
        raise PartFailed(f"{os.path.basename(str(command[0]))} ended with {what}: {last_words(ended.text)}")
    return ended


def last_words(text, most=400):
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return " | ".join(lines[-3:])[-most:] or "it said nothing"
