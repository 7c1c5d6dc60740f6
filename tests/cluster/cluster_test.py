"""A cluster in small: the rendered manifests of overlay local as processes on addresses of their own (scenario.py), judged."""
import collections
import json
import os
import shutil
import subprocess
import sys
import unittest
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "deploy")]

import yaml

import manifests
import network
from jobs import RESTART_UNCOUNTED
from manifests import PROGRAMS, ROOT, kubectl, of_kind, workloads
from network_policies import Peer, allows

LIMIT = 400  # seconds for the whole scenario
STOPPED_WITH_CHECKPOINT = 75
# A run that trains in seconds, instead of the overlay's recipe; everything else is as rendered. It has no end until the scenario gives it one.
SMALL = ["run.steps=100000", "run.checkpoint_every=5", "model.embedded.hidden_size=32", "model.embedded.layers=1", "model.embedded.heads=2",
         "model.embedded.kv_heads=2", "model.embedded.intermediate_size=64", "data.arithmetic.min_digits=1", "data.arithmetic.max_digits=1",
         "pretrain.batches=20", "rollout.prompts=16", "rollout.group_size=4", "rollout.max_response_tokens=24",
         "learner.minibatch_responses=32", "learner.microbatch_responses=32", "evaluation.questions=16", "evaluation.every=0",
         "actors.groups_in_flight=2", "leases.ttl_seconds=3"]


def small_manifests(ranks):
    """Overlay local with the small recipe, and as many ranks."""
    documents = manifests.resources("local")
    job = of_kind(documents, "JobSet")[0]["spec"]["replicatedJobs"][0]["template"]["spec"]
    job["completions"] = job["parallelism"] = ranks
    recipe = next(d for d in of_kind(documents, "ConfigMap") if d["metadata"]["name"].startswith("drover-recipe"))
    settings = [word for setting in [*SMALL, f"learner.ranks={ranks}"] for word in ("--set", setting)]
    source = manifests.DEPLOY / "overlays" / "local" / "recipe.textproto"
    recipe["data"]["recipe.textproto"] = subprocess.run([PROGRAMS / "drover", "recipe", "show", source, *settings], check=True,
                                                        capture_output=True, text=True).stdout
    return yaml.safe_dump_all(documents)


def libraries():
    """Where LibTorch's libraries are: those that the programs were linked with."""
    return (Path(os.environ.get("DROVER_DEPS", ROOT / ".deps")) / "libtorch" / "lib").resolve()


@unittest.skipUnless(kubectl(), "no kubectl of 1.30 or newer")
@unittest.skipUnless((PROGRAMS / "drover-actor").exists(), "the programs are not built")
class Cluster(unittest.TestCase):
    ranks = 1

    @classmethod
    def setUpClass(cls):
        work = ROOT / "build" / "tests" / "cluster" / cls.__name__
        shutil.rmtree(work, ignore_errors=True)
        (work / "work").mkdir(parents=True)
        (work / "manifests.yaml").write_text(small_manifests(cls.ranks))
        subprocess.run(["cmake", "--install", ROOT / "build", "--prefix", work / "opt", "--component", "programs"], check=True,
                       capture_output=True)
        (work / "opt" / "lib").symlink_to(libraries())  # where the programs look for it without a root of their own
        cls.mode, before = network.how()
        print(f"the cluster in small has {cls.mode}; {cls.ranks} rank(s)", flush=True)
        command = [*before, sys.executable, HERE / "scenario.py", "--mode", cls.mode, "--manifests", work / "manifests.yaml",
                   "--work", work / "work", "--programs", work / "opt", "--libraries", libraries()]
        try:
            done = subprocess.run(list(map(str, command)), timeout=LIMIT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
            said = done.stdout
        except subprocess.TimeoutExpired as error:
            said = (error.stdout or b"").decode() if isinstance(error.stdout, bytes) else str(error.stdout)
        report = work / "work" / "report.json"
        cls.report = json.loads(report.read_text()) if report.exists() else {"error": "no report", "events": []}
        if "error" in cls.report:
            logs = "".join(f"--- {log.parent.name}\n" + "\n".join(log.read_text(errors="replace").splitlines()[-15:]) + "\n"
                           for log in (work / "work" / "pods").glob("*/log"))
            raise AssertionError(f"{cls.report['error']}\n{said}\n{logs}")
        journal = subprocess.run([PROGRAMS / "drover", "inspect", "journal", cls.report["run"], "--json"], check=True, capture_output=True,
                                 text=True).stdout
        cls.leases = [json.loads(line) for line in journal.splitlines()]
        print(f"{cls.report['seconds']} s, {cls.report['steps'][1]} rollouts, {len(cls.leases)} leases", flush=True)

    def isolated_only(self):
        if self.mode == "addresses of loopback":
            self.skipTest("no network namespaces: pods have addresses of loopback")

    def events(self, event):
        return [entry for entry in self.report["events"] if entry["event"] == event]

    def test_the_sums_of_the_journal_close(self):
        self.assertEqual([lease["lease"] for lease in self.leases], list(range(1, len(self.leases) + 1)))
        outcomes = collections.Counter(lease["outcome"] for lease in self.leases)
        self.assertEqual(sum(outcomes.values()), len(self.leases))
        self.assertLessEqual(set(outcomes), {"trained", "expired", "failed", "stale", "filtered"}, "nothing is pending after the end")

    def test_no_group_is_lost_or_trained_twice(self):
        steps, trained = self.report["steps"]
        self.assertEqual(steps, trained)
        per_rollout = collections.Counter(lease["rollout"] for lease in self.leases if lease["outcome"] == "trained")
        self.assertEqual(per_rollout, {rollout: 16 for rollout in range(steps)})
        groups = [lease["group"] for lease in self.leases if lease["outcome"] == "trained"]
        self.assertEqual(len(groups), len(set(groups)))

    def test_every_actor_took_part(self):
        self.assertEqual(len({lease["actor"] for lease in self.leases if lease["outcome"] == "trained"}), 4)

    def test_a_lease_that_was_not_trained_was_leased_again(self):
        killed = [entry["pod"] for entry in self.events("exited") if entry["code"] == -9]
        self.assertEqual(len(killed), 1)
        trained = {lease["group"]: lease["lease"] for lease in self.leases if lease["outcome"] == "trained"}
        for lease in self.leases:
            if lease["outcome"] != "trained":
                self.assertGreater(trained[lease["group"]], lease["lease"], lease)

    def test_drained_pods_end_with_status_0_within_their_grace(self):
        self.assertEqual(set(self.report["drained"]), {0})
        self.assertEqual(self.report["verifiers"], [0, 0])
        self.assertEqual(self.report["killed"], [])

    def test_actors_end_with_the_run(self):
        self.assertEqual(set(self.report["told"]), {0})

    def test_a_stopped_learner_left_a_checkpoint_and_the_last_one_is_done(self):
        self.assertEqual(self.report["deleted"], [STOPPED_WITH_CHECKPOINT] * self.ranks)
        self.assertEqual(self.report["finished"], [0] * self.ranks)

    def test_a_drained_node_restarts_the_learner_without_counting(self):
        self.isolated_only()
        self.assertEqual(self.report["disruption"], [STOPPED_WITH_CHECKPOINT, RESTART_UNCOUNTED])
        self.assertEqual(self.report["counted_restarts"], 0)

    def test_every_pod_came_up_and_none_was_found_dead(self):
        ready = {entry["pod"] for entry in self.events("ready")}
        started = [entry["pod"] for entry in self.events("started")]
        last_learner = [pod for pod in started if "learner" in pod][-self.ranks:]  # may be done before its first probe
        self.assertLessEqual(set(started) - set(last_learner), ready)
        self.assertEqual(self.events("unhealthy"), [])

    def test_actors_balance_over_the_verifiers(self):
        self.isolated_only()
        grades = self.report["grades"]
        self.assertEqual(len(grades), 2)
        self.assertGreater(min(grades), max(grades) / 2)

    def test_connections_are_those_that_the_network_policies_allow(self):
        self.isolated_only()
        documents = manifests.resources("local")
        pods = {load.component: Peer(load.component, load.pod_labels(),
                                     ports={port["name"]: port["containerPort"] for port in load.containers[0]["ports"]})
                for load in workloads(documents)}
        flows = {tuple(flow) for flow in self.report["flows"]}
        between_ranks = {("learner", "learner")} if self.ranks > 1 else set()
        self.assertEqual({flow[:2] for flow in flows}, {("actor", "learner"), ("actor", "verifier")} | between_ranks)
        for client, server, port in flows:
            with self.subTest(client=client, server=server, port=port):
                self.assertTrue(allows(documents, pods[client], pods[server], port))


@unittest.skipUnless(os.environ.get("DROVER_FULL_TESTS"), "only with --full")
class ClusterOfTwoRanks(Cluster):
    """The same with two ranks of the learner, which find each other by the JobSet's names."""
    ranks = 2


if __name__ == "__main__":
    unittest.main()
