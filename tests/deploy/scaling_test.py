"""KEDA's formula, evaluated: the guide's table, the closed loop, and that everything it asks Prometheus for exists."""
import math
import os
import re
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

import yaml

from manifests import ROOT, kubectl, of_kind, one, resources

GUIDE = (ROOT / "docs" / "guides" / "scaling.md").read_text()
METRICS = (ROOT / "docs" / "reference" / "metrics.md").read_text()
# The machine's, or the one that setup/prometheus.sh unpacked.
PROMTOOL = shutil.which("promtool", path=os.pathsep.join(
    [os.environ["PATH"], str(Path(os.environ.get("DROVER_DEPS", ROOT / ".deps")) / "prometheus" / "usr" / "bin")]))
TOLERANCE = 0.1  # of the HPA, its default
SUFFIX = re.compile(r"_(sum|count|bucket)$")


class Autoscaler:
    """What KEDA and the HPA make of one ScaledObject with a formula and the metric type AverageValue."""

    def __init__(self, scaled_object, formula=None):
        spec = scaled_object["spec"]
        modifiers = spec["advanced"]["scalingModifiers"]
        assert modifiers["metricType"] == "AverageValue"
        self.formula, self.target = formula or modifiers["formula"], float(modifiers["target"])
        self.least, self.most = spec["minReplicaCount"], spec["maxReplicaCount"]

    def wanted(self, actors, waiting, staleness):
        values = {"actors": actors, "waiting": waiting, "staleness": staleness, "min": min, "max": max}
        return eval(self.formula, {"__builtins__": {}}, values)  # arithmetic, min and max: the same in KEDA's expression language

    def desired(self, present, wanted):
        usage = wanted / self.target
        if abs(usage / present - 1) <= TOLERANCE:
            return present
        return min(max(math.ceil(round(usage, 6)), self.least), self.most)


def table_of_the_guide():
    lines = [line for line in GUIDE[GUIDE.index("### Worked"):].splitlines() if line.startswith("|")][2:]
    for line in lines:
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if len(cells) != 7:
            return
        yield [float(cell) for cell in cells[:6]]


@unittest.skipUnless(kubectl(), "no kubectl of 1.30 or newer")
class Scaling(unittest.TestCase):
    def setUp(self):
        self.actors = one(resources("cluster"), "ScaledObject", "drover-actor")
        self.scaler = Autoscaler(self.actors)

    def test_the_guide_shows_the_formula_of_the_manifest(self):
        self.assertIn("\n    " + self.scaler.formula + "\n", GUIDE)

    def test_the_guides_table_is_what_the_formula_gives(self):
        rows = list(table_of_the_guide())
        self.assertGreaterEqual(len(rows), 8)
        for present, actors, waiting, staleness, wanted, desired in rows:
            with self.subTest(present=present, waiting=waiting, staleness=staleness):
                self.assertAlmostEqual(self.scaler.wanted(actors, waiting, staleness), wanted, delta=0.006)
                self.assertEqual(self.scaler.desired(present, self.scaler.wanted(actors, waiting, staleness)), desired)

    def test_waiting_raises_and_staleness_lowers(self):
        shares = [share / 100 for share in range(101)]
        by_waiting = [self.scaler.wanted(10, share, 0.5) for share in shares]
        by_staleness = [self.scaler.wanted(10, 0.1, share) for share in shares]
        self.assertEqual(by_waiting, sorted(by_waiting))
        self.assertEqual(by_staleness, sorted(by_staleness, reverse=True))
        self.assertGreater(by_waiting[-1], by_waiting[0])
        self.assertLess(by_staleness[-1], by_staleness[0])

    def counts(self, scaler, present, needed, on_policy=False, rounds=20):
        """The counts that follow each other, with K/T = needed; every look is at a whole window of the present count."""
        seen = [present]
        for _ in range(rounds):
            waiting = needed / present / (needed / present + 1) if on_policy else max(0, 1 - present / needed)
            staleness = 0 if on_policy else min(1, present / needed)
            present = scaler.desired(present, scaler.wanted(present, waiting, staleness))
            seen.append(present)
        return seen

    def settled(self, seen):
        """`seen` without the repetitions of its last count."""
        while len(seen) > 1 and seen[-1] == seen[-2]:
            seen = seen[:-1]
        return seen

    def test_the_loop_settles_as_the_guide_says(self):
        self.assertEqual(self.settled(self.counts(self.scaler, 2, 10)), [2, 4, 8, 9])
        self.assertEqual(self.settled(self.counts(self.scaler, 20, 10)), [20, 15, 11, 8, 9])
        on_policy = Autoscaler(self.actors, self.scaler.formula.replace("0.9 / ", "0.5 / "))
        self.assertEqual(self.settled(self.counts(on_policy, 4, 12, on_policy=True)), [4, 8, 10])

    def test_the_loop_settles_from_anywhere_near_what_is_needed(self):
        for needed in (2.5, 7, 10, 23.7, 50):
            for present in (1, 2, 5, 13, 30, 64):
                seen = self.settled(self.counts(self.scaler, present, needed, rounds=60))
                with self.subTest(needed=needed, present=present):
                    self.assertLess(len(seen), 40, "it swings")
                    self.assertLessEqual(abs(seen[-1] - 0.9 * needed), max(1, 0.13 * needed))

    def test_down_is_slow(self):
        for overlay in ("cluster", "spot"):
            for scaled in of_kind(resources(overlay), "ScaledObject"):
                behavior = scaled["spec"]["advanced"]["horizontalPodAutoscalerConfig"]["behavior"]
                self.assertGreaterEqual(behavior["scaleDown"]["stabilizationWindowSeconds"], 1800)
                self.assertEqual(scaled["spec"]["fallback"]["behavior"], "currentReplicas")

    def test_every_trigger_is_in_the_formula_and_an_empty_answer_is_an_error(self):
        for scaled in of_kind(resources("cluster"), "ScaledObject"):
            triggers = scaled["spec"]["triggers"]
            for trigger in triggers:
                self.assertEqual(trigger["metadata"]["ignoreNullValues"], "false")
                self.assertEqual(trigger["type"], "prometheus", "never CPU or GPU use")
        names = {trigger["name"] for trigger in self.actors["spec"]["triggers"]}
        self.assertEqual(names, set(re.findall(r"[a-z]+", self.scaler.formula)) - {"min", "max"})

    def test_the_metrics_exist_and_the_namespace_is_the_overlays(self):
        known = set(re.findall(r"^\| `(drover_[a-z0-9_]+)`", METRICS, re.M))
        documents = resources("cluster")
        for scaled in of_kind(documents, "ScaledObject"):
            for trigger in scaled["spec"]["triggers"]:
                query = trigger["metadata"]["query"]
                with self.subTest(trigger["name"]):
                    for metric in re.findall(r"drover_[a-z0-9_]+", query):
                        self.assertTrue(metric in known or SUFFIX.sub("", metric) in known, metric)
                    self.assertEqual(set(re.findall(r'namespace="([^"]*)"', query)), {scaled["metadata"]["namespace"]})

    @unittest.skipUnless(PROMTOOL, "no promtool (the stage `monitoring` unpacks it)")
    def test_the_queries_give_what_their_names_say(self):
        series = {"drover_learner_actors": "4+0x60",
                  'drover_learner_activity_seconds_total activity="waiting"': "0+24x60",   # of each minute 24 s waiting,
                  'drover_learner_activity_seconds_total activity="training"': "0+36x60",  # 36 s training
                  "drover_learner_staleness_versions_sum": "0+9x60", "drover_learner_staleness_versions_count": "0+10x60",
                  "drover_learner_staleness_bound_versions": "1+0x60",
                  'drover_verifier_threads pod="a"': "4+0x60", 'drover_verifier_threads pod="b"': "4+0x60",
                  "drover_verifier_queue_seconds_sum": "0+2x60", "drover_verifier_queue_seconds_count": "0+10x60"}  # 0.2 s a batch
        expected = {"actors": 4, "waiting": 0.4, "staleness": 0.9, "queue": 4}
        triggers = [trigger for scaled in of_kind(resources("cluster"), "ScaledObject") for trigger in scaled["spec"]["triggers"]]
        self.assertEqual({trigger["name"] for trigger in triggers}, set(expected))
        rules = [{"record": f"trigger:{trigger['name']}:value", "expr": trigger["metadata"]["query"]} for trigger in triggers]
        inputs = []
        for name, values in series.items():
            metric, _, label = name.partition(" ")
            inputs.append({"series": f'{metric}{{namespace="drover"{"," + label if label else ""}}}', "values": values})
            inputs.append({"series": f'{metric}{{namespace="another"{"," + label if label else ""}}}', "values": "0+77x60"})
        tests = [{"expr": f"round(trigger:{name}:value, 0.001)", "eval_time": "40m", "exp_samples": [{"labels": "{}", "value": value}]}
                 for name, value in expected.items()]
        with tempfile.TemporaryDirectory(prefix="drover-scaling-") as folder:
            (Path(folder) / "rules.yml").write_text(yaml.safe_dump({"groups": [{"name": "triggers", "rules": rules}]}))
            case = {"rule_files": ["rules.yml"], "evaluation_interval": "1m",
                    "tests": [{"interval": "1m", "input_series": inputs, "promql_expr_test": tests}]}
            (Path(folder) / "case.yml").write_text(yaml.safe_dump(case))
            done = subprocess.run([PROMTOOL, "test", "rules", "case.yml"], cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self.assertEqual(done.returncode, 0, done.stdout)

    def test_what_keda_scales_has_no_count_of_its_own(self):
        for overlay in ("cluster", "spot"):
            documents = resources(overlay)
            for scaled in of_kind(documents, "ScaledObject"):
                target = scaled["spec"]["scaleTargetRef"]
                self.assertNotIn("replicas", one(documents, target["kind"], target["name"])["spec"])
        for overlay in ("local", "gpu"):
            self.assertEqual(of_kind(resources(overlay), "ScaledObject"), [])


if __name__ == "__main__":
    unittest.main()
