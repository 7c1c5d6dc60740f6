"""The dashboards: current, and made as grafana/dashboard-linter asks, with `namespace` and `run` where it has `job` and `instance`."""
import itertools
import json
import os
import re
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

import yaml

import tools  # first: it says where the others are
import generate
import rules

UNITS = {"none", "s", "percentunit", "bytes", "Bps", "sci"}  # of Grafana's; others are "suffix: text"
# Labels of few values. A legend may name these alone: pods of a run may be a thousand.
BOUNDED = {"run", "phase", "outcome", "kind", "reason", "activity", "component", "state", "method", "le"}
SELECTOR = re.compile(r"\b((?:drover|process)_[a-z0-9_]+|up|ALERTS)(\{[^}]*\})?(\[[^\]]*\])?")


def panels(dashboard):
    return [panel for panel in dashboard["panels"] if panel["type"] != "row"]


def substitute(expression, namespace="ml", run="r", interval="5m"):
    return (expression.replace("$__rate_interval", interval).replace("$namespace", namespace).replace("$run", run))


class Dashboards(unittest.TestCase):
    def setUp(self):
        self.dashboards = generate.dashboards()
        self.targets = [(f"{name}: {panel['title']}", panel, target) for name, dashboard in self.dashboards.items()
                        for panel in panels(dashboard) for target in panel["targets"]]

    def test_files_are_what_the_generator_writes(self):
        for name, dashboard in self.dashboards.items():
            self.assertEqual((generate.HERE / name).read_text(), generate.text(dashboard),
                             f"{name} is not current: run deploy/monitoring/dashboards/generate.py")
        self.assertEqual({path.name for path in generate.HERE.glob("*.json")}, set(self.dashboards))

    def test_dashboards_as_wholes(self):
        for name, dashboard in self.dashboards.items():
            with self.subTest(name):
                self.assertFalse(dashboard["editable"])
                self.assertRegex(dashboard["title"], r"^Drover / [A-Z][a-z]+$")
                self.assertTrue(dashboard["description"].endswith("."))
                variables = {variable["name"]: variable for variable in dashboard["templating"]["list"]}
                self.assertEqual(list(variables), ["datasource", "namespace", "run"])
                self.assertEqual((variables["datasource"]["type"], variables["datasource"]["query"]), ("datasource", "prometheus"))
                for variable in ("namespace", "run"):
                    self.assertEqual(variables[variable]["datasource"]["uid"], "${datasource}")
                    self.assertEqual(variables[variable]["refresh"], 2, "must be looked up again when the time range changes")
                titles = [panel["title"] for panel in dashboard["panels"]]
                self.assertEqual(len(titles), len(set(titles)), "two panels of one name")
                self.assertEqual([panel["id"] for panel in dashboard["panels"]], list(range(1, len(titles) + 1)))
        self.assertEqual(len({dashboard["uid"] for dashboard in self.dashboards.values()}), len(self.dashboards))

    def test_panels_do_not_overlap(self):
        for name, dashboard in self.dashboards.items():
            taken = set()
            for panel in dashboard["panels"]:
                at = panel["gridPos"]
                cells = set(itertools.product(range(at["x"], at["x"] + at["w"]), range(at["y"], at["y"] + at["h"])))
                self.assertFalse(cells & taken, f"{name}: {panel['title']}")
                self.assertLessEqual(at["x"] + at["w"], 24)
                taken |= cells
            for y in {y for _, y in taken}:
                self.assertEqual(sum((x, y) in taken for x in range(24)), 24, f"{name}: a gap at height {y}")

    def test_every_panel_says_what_it_shows(self):
        for name, dashboard in self.dashboards.items():
            for panel in panels(dashboard):
                with self.subTest(name, panel=panel["title"]):
                    self.assertRegex(panel["title"], r"^[A-Z]")
                    self.assertNotEqual(panel["title"], "Panel Title")
                    self.assertGreater(len(panel["description"]), 25)
                    self.assertTrue(panel["description"].endswith("."))
                    self.assertEqual(panel["datasource"]["uid"], "${datasource}")
                    self.assertTrue(panel["targets"])
                    units = [panel["fieldConfig"]["defaults"]["unit"]] if panel["type"] != "table" else [
                        override["properties"][0]["value"] for override in panel["fieldConfig"]["overrides"]]
                    for unit in units:
                        self.assertTrue(unit in UNITS or unit.startswith("suffix: "), unit)
                    steps = panel["fieldConfig"]["defaults"].get("thresholds", {"steps": [{"value": None}]})["steps"]
                    self.assertIsNone(steps[0]["value"])
                    limits = [step["value"] for step in steps[1:]]
                    self.assertEqual(limits, sorted(limits))
                    self.assertEqual(len({target["refId"] for target in panel["targets"]}), len(panel["targets"]))

    def test_every_metric_is_of_the_chosen_runs_and_exists(self):
        known = tools.documented_metrics()
        for where, _, target in self.targets:
            with self.subTest(where, expr=target["expr"]):
                self.assertEqual(target["datasource"]["uid"], "${datasource}")
                found = SELECTOR.findall(target["expr"])
                self.assertTrue(found)
                for metric, labels, _ in found:
                    self.assertIn('namespace="$namespace", run=~"$run"', labels)
                    base = metric if metric in known else re.sub(r"_(sum|count|bucket)$", "", metric)
                    self.assertTrue(base in known or metric in ("up", "ALERTS"), f"{metric} is not in docs/reference/metrics.md")

    def test_counters_are_rates_and_gauges_are_not(self):
        known = tools.documented_metrics()
        for where, _, target in self.targets:
            with self.subTest(where, expr=target["expr"]):
                for match in SELECTOR.finditer(target["expr"]):
                    before, (metric, _, window) = target["expr"][:match.start()], match.groups()
                    kind = known.get(metric, ("",))[0] or known.get(re.sub(r"_(sum|count|bucket)$", "", metric), ("gauge",))[0]
                    function = re.search(r"(\w+)\($", before)
                    function = function[1] if function else ""
                    if kind in ("counter", "histogram"):
                        self.assertIn(function, ("rate", "increase"), metric)
                    else:
                        self.assertNotIn(function, ("rate", "increase", "irate"), metric)
                    if function == "rate":
                        self.assertEqual(window, "[$__rate_interval]")
                    if metric.endswith("_bucket"):
                        self.assertTrue("histogram_quantile(" in target["expr"] or target["format"] == "heatmap")
                        self.assertRegex(target["expr"], r"by \([^)]*\ble\)")

    def test_legends_are_bounded_and_of_labels_that_the_query_keeps(self):
        for where, panel, target in self.targets:
            with self.subTest(where, expr=target["expr"]):
                labels = set(re.findall(r"\{\{(\w+)\}\}", target["legendFormat"]))
                self.assertLessEqual(labels, BOUNDED)
                kept = {label.strip() for by in re.findall(r"\b(?:by|on) \(([^)]*)\)", target["expr"]) for label in by.split(",")}
                self.assertLessEqual(labels, kept)
                if panel["type"] not in ("table", "heatmap"):
                    self.assertTrue(target["legendFormat"])

    @tools.needs_prometheus
    def test_every_query_parses(self):
        queries = [target["expr"] for _, _, target in self.targets]
        for dashboard in self.dashboards.values():
            queries += [annotation["expr"] for annotation in dashboard["annotations"]["list"]]
        folder = Path(tempfile.mkdtemp(prefix="drover-dashboards-"))
        self.addCleanup(shutil.rmtree, folder)
        listed = [{"record": "q", "expr": substitute(query)} for query in queries]
        (folder / "queries.yml").write_text(rules.dump({"groups": [{"name": "q", "rules": listed}]}))
        status, said = tools.promtool("check", "rules", "--lint=none", "queries.yml", folder=folder)
        self.assertEqual(status, 0, said)
        self.assertIn(f"{len(queries)} rules found", said)

    @unittest.skipUnless(shutil.which("kubectl"), "no kubectl")
    def test_the_component_renders_them_for_grafanas_sidecar(self):
        overlay = Path(tempfile.mkdtemp(prefix="drover-overlay-"))
        self.addCleanup(shutil.rmtree, overlay)
        (overlay / "kustomization.yaml").write_text(f"components: [{os.path.relpath(tools.MONITORING, overlay)}]\n")
        done = subprocess.run(["kubectl", "kustomize", overlay], text=True, capture_output=True, timeout=60)
        self.assertEqual(done.returncode, 0, done.stderr)
        objects = list(yaml.safe_load_all(done.stdout))
        maps = [item for item in objects if item["kind"] == "ConfigMap"]
        self.assertEqual({name for item in maps for name in item["data"]}, set(self.dashboards))
        for item in maps:
            self.assertEqual(item["metadata"]["labels"]["grafana_dashboard"], "1")
            self.assertLess(len(json.dumps(item)), 200_000, "kubectl apply keeps a copy in an annotation of at most 256 KiB")
            for name, text in item["data"].items():
                self.assertEqual(json.loads(text), self.dashboards[name])
        self.assertEqual(sorted(item["kind"] for item in objects if item["kind"] != "ConfigMap"), ["PodMonitor"] * 3 + ["PrometheusRule"])


if __name__ == "__main__":
    unittest.main()
