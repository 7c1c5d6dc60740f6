"""Runs of `drover train`: (d) the embedded default whole, (h) a run that is killed, and tiny ones for the other parts."""
import json
import signal
import time

import process
from part import PartFailed

# On the CPU the embedded default goes from 0.34 to 0.99 (docs/results/arithmetic.md); every seed tried was above 0.98.
LEAST_ACCURACY = 0.97
BEFORE = (0.2, 0.6)


def tiny(steps, **more):
    """Settings that make the embedded default a run of seconds."""
    return {"run.steps": steps, "run.checkpoint_every": 2, "run.keep_checkpoints": 3, "rollout.prompts": 8, "rollout.group_size": 4,
            "rollout.max_response_tokens": 24, "learner.minibatch_responses": 16, "learner.microbatch_responses": 16,
            "pretrain.batches": 60, "pretrain.batch_size": 16, "evaluation.questions": 8, "evaluation.every": 0,
            "data.arithmetic.min_digits": 1, "data.arithmetic.max_digits": 1, "data.heldout_share": 0.3, "leases.ttl_seconds": 5,
            "model.embedded.hidden_size": 32, "model.embedded.layers": 1, "model.embedded.heads": 2, "model.embedded.kv_heads": 2,
            "model.embedded.intermediate_size": 64, **more}


class Run:
    """`drover train` on the part's device, in a folder of its own; a with statement ends it and its children."""

    def __init__(self, context, settings, name="run", resume=False):
        self.context = context
        self.folder = context.folder / name
        where = ["--resume", self.folder] if resume else ["--recipe", context.kit.recipe, "--out", self.folder]
        chosen = {} if resume else {"run.device": f'"{context.device}"', **settings}
        flags = [word for field, value in chosen.items() for word in ("--set", f"{field}={value}")]
        self.session = context.session([context.kit.program("drover"), "train", "--quiet", *where, *flags])

    def __enter__(self):
        self.session.__enter__()
        return self

    def __exit__(self, *error):
        self.session.__exit__(*error)

    def finish(self):
        """Waits for the end; the summary. PartFailed when it does not end, or not well."""
        status = self.session.wait(self.context.left())
        if status != 0:
            what = "did not end in its time" if status is None else f"ended with status {status}"
            raise PartFailed(f"drover train {what} after {self.steps()} rollouts: {self.last_words()}")
        return json.loads((self.folder / "summary.json").read_text())

    def metrics(self):
        """The finished lines of metrics.jsonl."""
        try:
            text = (self.folder / "metrics.jsonl").read_text()
        except OSError:
            return []
        return [json.loads(line) for line in text.split("\n")[:-1]]

    def steps(self):
        return len(self.metrics())

    def last_words(self):
        return process.last_words(self.session.text())


def device_in_use(run):
    """What the learner said that its model lives on."""
    for line in (run.folder / "logs" / "learner-0.log").read_text().splitlines():
        entry = json.loads(line)
        if entry.get("message") == "model loaded":
            return entry.get("device")
    return None


def check_device(context, run):
    used = device_in_use(run)
    if used != context.device:
        raise PartFailed(f"the learner's model was on {used} and not on {context.device}")


def whole(context):
    """(d); on the CPU a tiny run, whose accuracy says nothing."""
    with Run(context, tiny(steps=3) if context.rehearsal else {"evaluation.every": 0}) as run:
        summary = run.finish()
    check_device(context, run)
    lines = run.metrics()
    figures = {key: summary[key] for key in ("accuracy_before", "accuracy_after", "seconds", "steps", "tokens_generated")}
    figures["logprob_gap_max"] = max((line["logprob_gap_max"] or 0.0) for line in lines)
    figures["tokens_per_second"] = sorted(line["tokens_per_second"] for line in lines)[len(lines) // 2]
    check_groups(summary)
    if context.rehearsal:
        return figures
    if not BEFORE[0] < summary["accuracy_before"] < BEFORE[1] or summary["accuracy_after"] < LEAST_ACCURACY:
        raise PartFailed(f"accuracy {summary['accuracy_before']} -> {summary['accuracy_after']}; on the CPU it begins between "
                         f"{BEFORE[0]} and {BEFORE[1]} and ends above {LEAST_ACCURACY}", figures)
    return figures


def check_groups(summary):
    """Nothing is pending at the end, and every lease is accounted for."""
    groups = summary["groups"]
    if groups["pending"] != 0 or groups["leased"] != sum(count for what, count in groups.items() if what != "leased"):
        raise PartFailed(f"the sums of leases do not close: {groups}")


def killed(context):
    """(h): kill -9 of everything in the middle, then --resume."""
    steps = 6 if context.rehearsal else 20
    with Run(context, tiny(steps=steps)) as first:
        while first.steps() < 3:
            if first.session.wait(0.05) is not None or context.left() < 10:
                raise PartFailed(f"the run ended or stalled before it could be killed: {first.last_words()}")
        process.end_session(first.session.process, signal.SIGKILL)
    time.sleep(0.5)  # the kernel ends the children, which hold the folder's lock and the GPU's memory
    trained = first.steps()
    with Run(context, {}, resume=True) as second:
        summary = second.finish()
    check_device(context, second)
    check_groups(summary)
    if summary["steps"] != steps:
        raise PartFailed(f"{summary['steps']} rollouts after the resume, {steps} were asked for")
    inspected = context.check([context.kit.program("drover"), "inspect", "journal", "--json", second.folder])
    leases = [json.loads(line) for line in inspected.text.splitlines() if line.startswith("{")]
    groups = [lease["group"] for lease in leases if lease["outcome"] == "trained"]
    if len(groups) != len(set(groups)) or len(groups) != steps * 8:
        raise PartFailed(f"{len(groups)} trained leases of {len(set(groups))} groups; {steps * 8} groups, each once, were to be trained")
    return {"killed_after_rollouts": trained, "rollouts": summary["steps"], "groups_trained": len(groups)}
