"""Small runs of real processes, and what they left."""
import fcntl
import functools
import json
import shutil
import subprocess
import time
from pathlib import Path

import journal
from protos import ROOT, read_recipe

PROGRAM = ROOT / "build" / "bin" / "drover"
FOLDER = ROOT / "build" / "tests" / "replay"

TINY = {"run.device": '"cpu"', "pretrain.batches": 0, "rollout.prompts": 8, "rollout.group_size": 4, "learner.microbatch_responses": 16,
        "data.arithmetic.min_digits": 1, "data.arithmetic.max_digits": 1, "model.embedded.hidden_size": 32, "model.embedded.layers": 1,
        "model.embedded.heads": 2, "model.embedded.kv_heads": 1, "model.embedded.intermediate_size": 64}


def lines(path):
    """Of a JSONL file; a last line without its line end is passed over."""
    text = Path(path).read_text() if Path(path).exists() else ""
    return [json.loads(line) for line in text.splitlines(keepends=True) if line.endswith("\n")]


def flags(settings):
    return [part for field, value in settings.items() for part in ("--set", f"{field}={value}")]


def new_folder(name):
    folder = FOLDER / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.parent.mkdir(parents=True, exist_ok=True)
    return folder


def train(*arguments):
    done = subprocess.run([PROGRAM, "train", "--quiet", *arguments], text=True, timeout=120, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    assert done.returncode == 0, done.stdout


class Run:
    """A run that ended, with its journal read."""

    def __init__(self, folder):
        self.folder = folder
        self.recipe = read_recipe(folder / "recipe.textproto")
        self.metrics, self.samples, self.evaluations = (
            lines(folder / f"{file}.jsonl") for file in ("metrics", "samples", "evaluations"))
        self.summary = json.loads((folder / "summary.json").read_text())
        self.learner_log = lines(folder / "logs" / "learner-0.log")
        self.ledger = journal.Ledger(journal.read_events(folder / "journal"))
        segments = journal.Segments(folder / "journal")
        self.groups = {lease: segments.read(accepted) for lease, accepted in self.ledger.accepted.items()}

    def rollouts(self):
        """The groups of each rollout of the surviving line, in the order in which they were trained."""
        return [[self.groups[lease] for lease in trained.leases] for trained in self.ledger.trained]

    def checkpoint(self, step):
        return self.folder / "checkpoints" / f"step-{step:06d}"


def run(name, settings):
    folder = new_folder(name)
    train("--out", folder, *flags(TINY | settings))
    return Run(folder)


def kill_after(folder, steps, settings):
    """Starts a run and ends all its processes at once when it has trained so many rollouts."""
    process = subprocess.Popen([PROGRAM, "train", "--quiet", "--out", folder, *flags(TINY | settings)])
    deadline = time.monotonic() + 60
    while len(lines(folder / "metrics.jsonl")) < steps:
        assert process.poll() is None and time.monotonic() < deadline, "the run ended too soon, or hangs"
        time.sleep(0.02)
    process.kill()
    process.wait()
    with open(folder / "journal" / "lock", "w") as lock:  # the learner ends with it, a moment later
        fcntl.flock(lock, fcntl.LOCK_EX)


@functools.cache
def arithmetic():
    """Generated questions, Dr. GRPO, several steps and epochs a rollout."""
    return run("arithmetic", {
        "run.seed": 7, "run.steps": 2, "model.embedded.alphabet": '"=:;+- 9876543210"', "data.arithmetic.operations": '"+-"',
        "data.heldout_share": 0.3, "rollout.max_response_tokens": 11, "pretrain.batches": 150, "pretrain.batch_size": 16,
        "pretrain.learning_rate": "1e-2", "pretrain.warmup_steps": 5, "pretrain.forgotten_carries": 0.3, "learner.minibatch_responses": 8,
        "learner.epochs": 2, "learner.learning_rate": "1e-3", "learner.warmup_steps": 0, "evaluation.questions": 12})


@functools.cache
def file_questions():
    """Questions of a file, several epochs over them, GRPO's two biases, shuffled rewards, all filters of sampling, groups of older versions."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    sums = [(a, b) for a in range(10) for b in range(a % 3, 10, 3)]
    questions = [{"problem": f"{a}+{b}:", "answer": [str(a + b), "none"]} for a, b in sums]
    questions += [{"problem": f" {a}+{b}:", "answer": f" {a + b} "} for a, b in sums[:12]]  # twins
    questions[5:5] = [{"problem": f"{a}x{b}:", "answer": str(a * b)} for a, b in sums[:6]]  # the alphabet has no x
    path = FOLDER / "questions.jsonl"
    path.write_text("\n".join(map(json.dumps, questions)))
    return run("file_questions", {
        "model.path": f'"{arithmetic().checkpoint(0)}"', "data.train": f'"{path}"', "data.heldout_share": 0.6, "run.seed": 2**40 + 11,
        "run.steps": 4, "rollout.max_response_tokens": 13, "rollout.temperature": 1.5, "rollout.top_p": 0.97, "rollout.top_k": 6,
        "rollout.min_p": 0.02,
        "staleness.bound": 1, "actors.count": 2, "actors.groups_in_flight": 16, "reward.shuffle": "true", "advantage.normalize_std": "true",
        "loss.aggregation": "RESPONSE_LENGTH", "loss.mask_truncated": "true", "learner.minibatch_responses": 32,
        "learner.learning_rate": "1e-3", "evaluation.questions": 9})


@functools.cache
def off_policy():
    """Rollouts of the version before, trained by the recorded log-probabilities, with a KL term; cut responses are left out of the loss."""
    return run("off_policy", {
        "model.path": f'"{arithmetic().checkpoint(0)}"', "data.arithmetic.operations": '"+-"', "run.seed": 13, "run.steps": 4,
        "run.checkpoint_every": 1, "run.keep_checkpoints": 9, "staleness.bound": 1, "actors.groups_in_flight": 16,
        "rollout.max_response_tokens": 11, "loss.old_logprobs": "ACTOR", "loss.kl_coefficient": 0.1, "loss.mask_truncated": "true",
        "loss.clip_low": 0.1, "loss.clip_high": 0.3, "learner.minibatch_responses": 32, "learner.learning_rate": "3e-3",
        "learner.warmup_steps": 0, "evaluation.questions": 0})


@functools.cache
def skipped():
    """Weights that leave all bounds within a few steps of the first rollout, since each multiplies them by -9: later ones are skipped, and the
    learner's log names the groups that were in them. The second rollout is sampled before that."""
    return run("skipped", {
        "model.path": f'"{arithmetic().checkpoint(0)}"', "data.arithmetic.operations": '"+-"', "run.seed": 5, "run.steps": 2,
        "staleness.bound": 1, "actors.groups_in_flight": 16, "run.max_skipped_steps": 1000, "rollout.max_response_tokens": 11,
        "learner.minibatch_responses": 4, "learner.epochs": 4,
        "learner.learning_rate": 1, "learner.weight_decay": 10, "learner.warmup_steps": 0, "evaluation.questions": 0})


@functools.cache
def resumed():
    """Killed after three rollouts and gone on with from its beginning; groups whose rewards are all equal are filtered. Questions are generated, and
    a file holds some of them out, however it writes them."""
    folder = new_folder("resumed")
    answers = {"3 + 9 =": 12, "9+3:": 12, "2-1:": 1, "8+1:": 9, "5+5 :": 10, "07-3:": 4, "6+4:": 10, "7+2:": 9, "1+0:": 1, "4-4:": 0, "9-8:": 1}
    (FOLDER / "heldout.jsonl").write_text("".join(json.dumps({"problem": text, "answer": str(answers[text])}) + "\n" for text in answers))
    kill_after(folder, 3, {
        "model.path": f'"{arithmetic().checkpoint(0)}"', "data.arithmetic.operations": '"+-"', "run.seed": 9, "run.steps": 10000,
        "run.checkpoint_every": 1000, "rollout.drop_equal_groups": "true", "rollout.max_rounds": 100, "rollout.max_response_tokens": 11,
        "data.heldout": f'"{FOLDER / "heldout.jsonl"}"', "learner.minibatch_responses": 16, "learner.learning_rate": 0,
        "evaluation.questions": 7})
    train("--resume", folder, *flags({"run.steps": 6}))
    return Run(folder)


@functools.cache
def untrained():
    """A new model as it begins."""
    return run("untrained", {
        "run.seed": 3, "run.steps": 1, "rollout.prompts": 1, "rollout.group_size": 2, "rollout.max_response_tokens": 4,
        "learner.minibatch_responses": 2, "evaluation.questions": 0, "model.embedded.init_std": 0.3})
