"""A real Prometheus scrapes two real runs through the PodMonitors' relabelling: one healthy until its actors freeze, one
whose rewards are forced to 0. Windows of the rules are 120 times shorter here; nothing else about them differs."""
import math
import os
import re
import shutil
import signal
import tempfile
import time
import unittest
import urllib.request

import tools  # first: it says where the others are
import dashboards_test
import generate
import live
import rules

FACTOR = 120
RATE_INTERVAL = "8s"
# Alerts that a run this small may raise without being broken: its processes share few cores, so that either side may wait for the other,
# and its versions follow one another quicker than scrapes of learner and actor.
SMALL = {"DroverLearnerStarved", "DroverStalenessAtBound", "DroverActorBehind"}


@tools.needs_prometheus
@unittest.skipUnless(live.built(), "build/bin has no processes")
class Live(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(prefix="drover-live-")
        cls.addClassCleanup(shutil.rmtree, cls.folder, ignore_errors=True)
        # Evaluated once, at the start: a learner that stands in an evaluation is not starved.
        # A policy that hardly moves stays healthy however many rollouts this machine does. Evaluated once, at the start: a learner that
        # stands in an evaluation is not starved.
        endless = {**live.TINY, "run.steps": 1000000, "staleness.bound": 1, "evaluation.every": 0, "learner.learning_rate": "1e-6"}
        cls.healthy = live.Run("healthy", cls.folder, {**endless, "actors.count": 2})
        cls.addClassCleanup(cls.healthy.stop)
        # Nothing that this model says has an <answer> in it: every reward is 0.
        cls.unrewarded = live.Run("unrewarded", cls.folder, {**endless, "data.reward_format": '"answer_tag"', "evaluation.questions": 0,
                                                               "actors.count": 1})
        cls.addClassCleanup(cls.unrewarded.stop)
        cls.prometheus = live.Prometheus(cls.folder, FACTOR, interval="500ms")
        cls.addClassCleanup(cls.prometheus.stop)
        for run, processes in ((cls.healthy, 4), (cls.unrewarded, 3)):
            live.eventually(lambda: len(run.ports()) == processes or run.process.poll() is not None, 60)
            if len(run.ports()) != processes:
                raise AssertionError(f"{run.name} did not start: {run.said()}")
        cls.pids = {actor: cls.healthy.pid(actor) for actor in ("actor-0", "actor-1")}
        groups = cls.healthy.targets() + cls.unrewarded.targets()
        # The same learner once more as a pod of rank 1.
        ranked = next(group for group in cls.healthy.targets() if group["labels"]["__meta_kubernetes_pod_name"] == "healthy-learner-0")
        ranked["labels"]["__meta_kubernetes_pod_name"] = "healthy-learner-1"
        ranked["labels"]["__meta_kubernetes_pod_annotation_batch_kubernetes_io_job_completion_index"] = "1"
        ranked["labels"]["extra"] = "rank"  # a target of its own, though at the same address
        cls.prometheus.targets(groups + [ranked])

    def wait_for(self, expression, timeout=60):
        found = live.eventually(lambda: self.prometheus.query(expression), timeout)
        self.assertTrue(found, f"no data: {expression}\n{self.healthy.said()}")
        return found

    def names(self, selector):
        return {labels["__name__"] for labels, _ in self.prometheus.query(f"group by (__name__) ({{{selector}}})")}

    def wait_for_alerts(self, run, names, timeout=60):
        live.eventually(lambda: names <= self.prometheus.firing(run), timeout)
        self.assertLessEqual(names, self.prometheus.firing(run), f"{run}: not firing")

    def test_1_metrics_are_there_under_the_labels_of_the_podmonitors(self):
        self.wait_for('drover_learner_rollouts_total{run="healthy"} > 20')
        self.wait_for('drover_learner_evaluations_total{run="healthy"} > 0')
        labels = self.wait_for('drover_actor_ready{pod="healthy-actor-1"}')[0][0]
        self.assertEqual({name: labels.get(name) for name in ("namespace", "run", "component", "container", "job")},
                         {"namespace": "test", "run": "healthy", "component": "actor", "container": "actor", "job": "drover-actor"})
        documented = {metric + ("_count" if kind == "histogram" else "") for metric, (kind, _) in tools.documented_metrics().items()
                      if not metric.startswith("drover_serve_")}  # `drover serve` is no part of a run
        live.eventually(lambda: documented <= self.names('run="healthy"'), 30)  # each target is first scraped at a time of its own
        self.assertEqual(documented - self.names('run="healthy"'), set())
        live.eventually(lambda: "process_resident_memory_bytes" in self.names('rank="1"'), 30)
        ranked = self.names('rank="1"')
        self.assertIn("process_resident_memory_bytes", ranked)
        self.assertEqual({name for name in ranked if re.match("drover_(learner|experience|weights)_", name)}, set())

    def test_2_promtool_finds_nothing_to_say_of_the_metrics(self):
        for process, port in self.healthy.ports().items():
            with self.subTest(process):
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
                    text = answer.read().decode()
                status, said = tools.promtool("check", "metrics", text=text)
                self.assertEqual((status, said), (0, ""))

    def test_3_every_panel_has_data(self):
        for name, dashboard in generate.dashboards().items():
            for panel in dashboards_test.panels(dashboard):
                for target in panel["targets"]:
                    query = dashboards_test.substitute(target["expr"], live.NAMESPACE, "healthy", RATE_INTERVAL)
                    with self.subTest(f"{name}: {panel['title']}", query=query):
                        found = live.eventually(
                            lambda: [value for _, value in self.prometheus.query(query) if not math.isnan(value)], 10)
                        self.assertTrue(found)

    def test_4_every_rule_is_evaluated_and_a_healthy_run_raises_nothing(self):
        groups = self.prometheus.get("rules")["groups"]
        evaluated = [rule for group in groups for rule in group["rules"]]
        self.assertEqual(len(evaluated), sum(len(group["rules"]) for group in rules.load()["spec"]["groups"]))
        self.assertEqual([rule["name"] for rule in evaluated if rule["health"] != "ok"], [])
        for record in [rule["name"] for rule in evaluated if rule["type"] == "recording"]:
            with self.subTest(record):
                self.wait_for(record + '{run="healthy"}', timeout=20)
        self.assertEqual(self.prometheus.firing("healthy") - SMALL, set())

    def test_5_rewards_forced_to_0_raise_reward_flat_and_no_other_run_does(self):
        self.wait_for_alerts("unrewarded", {"DroverRewardFlat", "DroverGroupsAllEqual"})
        self.assertFalse(self.prometheus.firing("healthy") & {"DroverRewardFlat", "DroverGroupsAllEqual"})

    def test_6_actors_that_freeze_raise_the_alerts_of_a_run_that_stands(self):
        expected = {"DroverNoOptimizerStep", "DroverLearnerStarved", "DroverActorsLost", "DroverProcessDown"}
        fired = set()
        for pid in self.pids.values():
            os.kill(pid, signal.SIGSTOP)
        try:
            live.eventually(lambda: fired.update(self.prometheus.firing("healthy")) or expected <= fired, 60)
        finally:
            for pid in self.pids.values():
                os.kill(pid, signal.SIGCONT)
        self.assertLessEqual(expected, fired)
        # They go on, and so does the run.
        gone = {"DroverNoOptimizerStep", "DroverProcessDown"}
        live.eventually(lambda: not gone & self.prometheus.firing("healthy"), 40)
        self.assertFalse(gone & self.prometheus.firing("healthy"))


if __name__ == "__main__":
    unittest.main()
