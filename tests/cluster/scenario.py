#!/usr/bin/env python3
"""One run in a cluster in small, from the rendered manifests of overlay local. cluster_test.py starts it and judges what it reports.

  scenario.py --mode MODE --manifests FILE --work FOLDER --programs FOLDER --libraries FOLDER

Writes WORK/report.json. What happens, in order: verifiers and an actor, then the learner; 1 -> 4 actors; kill -9 of one; 4 -> 2 actors; a verifier
replaced; the learner's node drained; the JobSet deleted and applied again with an end in sight; the end of the run.
"""
import argparse
import collections
import json
import signal
import sys
import threading
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "deploy")]

import yaml

from controllers import Deployment, JobSet, Site
from manifests import of_kind
from network import Loopback, Namespaces, connections

STEP = 90         # seconds that any one thing may take
LAST_STEPS = 4    # rollouts after the JobSet was applied again


class Scenario:
    def __init__(self, options):
        self.options = options
        self.begun = time.monotonic()
        self.report = {"mode": options.mode, "events": [], "flows": []}
        documents = list(yaml.safe_load_all(options.manifests.read_text()))
        network = Loopback() if options.mode == "addresses of loopback" else Namespaces()
        self.site = Site(documents, options.work, options.programs, options.libraries, network, self.say)
        self.run = None
        self.flows = set()
        self.done = threading.Event()
        threading.Thread(target=self.watch_connections, daemon=True).start()

    def say(self, event, **fields):
        entry = {"at": round(time.monotonic() - self.begun, 1), "event": event, **fields}
        self.report["events"].append(entry)
        print(json.dumps(entry), flush=True)

    def until(self, what, condition):
        end = time.monotonic() + STEP
        while time.monotonic() < end:
            if condition():
                self.say("reached", what=what)
                return
            time.sleep(0.1)
        raise TimeoutError(f"not in {STEP} s: {what}")

    def steps(self):
        """Rollouts trained on the surviving line of versions."""
        try:
            return len((self.run / "metrics.jsonl").read_text().splitlines())
        except OSError:
            return 0

    def watch_connections(self):
        """Notes (client, server, port) of every connection between pods. A server that drains listens no more while its connections go on:
        a port that once listened stays a server's."""
        served = collections.defaultdict(set)
        while not self.done.wait(0.5):
            pods = {pod.address: pod for pod in self.site.alive()}
            for pod in pods.values():
                process = pod.process
                if not self.site.network.isolated or process is None or process.poll() is not None:
                    continue
                try:
                    established, listening = connections(process.pid)
                except ValueError:
                    continue
                served[pod] |= listening
                for local, local_port, remote, remote_port in established:
                    if local == pod.address and remote in pods and local_port not in served[pod]:
                        self.flows.add((pod.load.component, pods[remote].load.component, remote_port))

    # --- what happens

    def accepted(self, pod):
        return pod.metric("drover_actor_groups_total", 'outcome="accepted"')

    def start(self):
        verifiers = Deployment(self.site, "drover-verifier")
        if not self.site.network.isolated:  # without names the addresses must be there first
            self.until("the verifiers are ready", lambda: all(pod.ready for pod in verifiers.pods))
            learner = JobSet(self.site)
            actors = Deployment(self.site, "drover-actor", 1)
        else:
            actors = Deployment(self.site, "drover-actor", 1)
            self.until("the actor waits for its learner", lambda: actors.pods[0].started)
            learner = JobSet(self.site)
        self.run = self.site.volume("drover-runs") / learner.pods[0].environment()["RUN_NAME"]
        self.until("two rollouts with one actor", lambda: self.steps() >= 2)
        self.until("the learner is ready", lambda: all(pod.ready for pod in learner.pods))
        return verifiers, actors, learner

    def scale_up(self, actors):
        actors.scale(4)
        self.until("four actors are ready, and each had a group accepted", lambda: all(pod.ready and self.accepted(pod) > 0 for pod in actors.pods))

    def kill_one(self, actors):
        victim = actors.pods[1]
        starts = victim.starts
        victim.kill(signal.SIGKILL)
        self.until("the killed actor is back and had a group accepted", lambda: victim.starts > starts and self.accepted(victim) > 0)

    def scale_down(self, actors):
        _, gone = actors.scale(2)
        self.until("two actors drained", lambda: all(pod.ended.is_set() for pod in gone))
        before = self.steps()
        self.until("the run goes on with two actors", lambda: self.steps() >= before + 2)
        self.report["drained"] = [pod.exit for pod in gone]

    def replace_verifier(self, verifiers):
        self.report["grades"] = [pod.metric("drover_verifier_grades_total") for pod in verifiers.pods]
        old = verifiers.pods[0]
        new = verifiers.replace(old)
        self.until("the new verifier grades", lambda: new.metric("drover_verifier_grades_total") > 0)
        self.until("the old verifier drained", old.ended.is_set)
        self.report["drained"].append(old.exit)

    def drain_node(self, learner):
        before = self.steps()
        self.report["disruption"] = learner.disrupt()
        self.until("the learner that was moved goes on", lambda: all(pod.ready for pod in learner.pods) and self.steps() >= before + 2)
        self.report["counted_restarts"] = learner.restarts

    def finish(self, learner, actors):
        """The recipe gets an end: as an operator does it, the JobSet is deleted and applied again (docs/guides/kubernetes.md)."""
        self.report["deleted"] = learner.delete()
        steps = self.steps() + LAST_STEPS
        for recipe in of_kind(self.site.documents, "ConfigMap"):
            if recipe["metadata"]["name"].startswith("drover-recipe"):
                text = recipe["data"]["recipe.textproto"]
                recipe["data"]["recipe.textproto"] = text.replace("steps: 100000", f"steps: {steps}")
                recipe["metadata"]["name"] += "2"
                volumes = learner.load.template["spec"]["volumes"]
                next(v for v in volumes if "configMap" in v)["configMap"]["name"] = recipe["metadata"]["name"]
        begun = time.monotonic() - self.begun
        last = JobSet(self.site)
        self.report["finished"] = last.wait(STEP)
        self.report["steps"] = [steps, self.steps()]
        # Actors are told that the run is over; a Deployment starts them again all the same, and they wait. One that found this learner too late
        # for its few rollouts waits for the next.
        ends = lambda: {entry["pod"]: entry["code"] for entry in self.report["events"] if entry["event"] == "exited" and entry["at"] > begun}
        names = {pod.name for pod in actors.pods}
        self.until("an actor ended with the run", lambda: names & set(ends()))
        self.report["told"] = [code for name, code in ends().items() if name in names]

    def play(self):
        verifiers, actors, learner = self.start()
        self.scale_up(actors)
        self.kill_one(actors)
        self.scale_down(actors)
        if self.site.network.isolated:  # what gets another address needs names
            self.replace_verifier(verifiers)
            self.drain_node(learner)
        self.finish(learner, actors)

    def close(self):
        self.done.set()
        verifiers = [pod for pod in self.site.alive() if pod.load.component == "verifier"]
        self.site.stop()
        self.report["verifiers"] = [pod.exit for pod in verifiers]
        self.report["killed"] = [pod.name for pod in self.site.pods if pod.killed]
        self.report["flows"] = sorted(self.flows)
        self.report["run"] = str(self.run)
        self.report["user"] = self.site.pods[0].spec["securityContext"]["runAsUser"] if self.site.as_root else None
        self.report["seconds"] = round(time.monotonic() - self.begun, 1)
        (self.options.work / "report.json").write_text(json.dumps(self.report, indent=1))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mode", required=True)
    for name in ("manifests", "work", "programs", "libraries"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    scenario = Scenario(parser.parse_args())
    try:
        scenario.play()
    except Exception as error:
        scenario.report["error"] = f"{type(error).__name__}: {error}"
        raise
    finally:
        scenario.close()


if __name__ == "__main__":
    main()
