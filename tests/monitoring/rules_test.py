"""The rules and alerts: checked, tested by promtool, and every one of them tested."""
import copy
import re
import shutil
import tempfile
import unittest
from pathlib import Path

import yaml

import tools  # first: it says where `rules` is
import rules

CASES = sorted((tools.ROOT / "tests" / "monitoring" / "cases").glob("*.yaml"))
METRIC = re.compile(r"\b(?:drover|process)_[a-z0-9_]+\b|\bup\b")
RECORD = re.compile(r"\b(?:run|pod):[a-z0-9_]+:[a-z0-9_]+\b")
SUFFIX = re.compile(r"_(sum|count|bucket)$")
STEP = 60  # seconds between the evaluations of the cases


def seconds(duration):
    units = {"s": 1, "m": 60, "h": 3600}
    return sum(int(number) * units[unit] for number, unit in re.findall(r"(\d+)([smh])", duration or ""))


def all_rules(spec):
    return [rule for group in spec["groups"] for rule in group["rules"]]


def name_of(rule):
    return rule.get("alert") or rule["record"]


class Rules(unittest.TestCase):
    def setUp(self):
        self.spec = rules.load()["spec"]
        self.rules = all_rules(self.spec)
        self.alerts = [rule for rule in self.rules if "alert" in rule]
        self.records = [rule for rule in self.rules if "record" in rule]
        self.folder = Path(tempfile.mkdtemp(prefix="drover-rules-"))
        self.addCleanup(shutil.rmtree, self.folder)

    def run_cases(self, spec, cases=CASES):
        (self.folder / "rules.yml").write_text(rules.dump(spec))
        for case in cases:
            shutil.copy(case, self.folder)
        return tools.promtool("test", "rules", *[case.name for case in cases], folder=self.folder)

    @tools.needs_prometheus
    def test_are_valid(self):
        (self.folder / "rules.yml").write_text(rules.dump(self.spec))
        status, said = tools.promtool("check", "rules", "--lint-fatal", "rules.yml", folder=self.folder)
        self.assertEqual(status, 0, said)
        self.assertIn(f"{len(self.rules)} rules found", said)

    @tools.needs_prometheus
    def test_do_what_the_cases_say(self):
        status, said = self.run_cases(self.spec)
        self.assertEqual(status, 0, said)

    @tools.needs_prometheus
    def test_shortened_ones_are_valid_and_shorter(self):
        short = rules.shorten(copy.deepcopy(self.spec), 60)
        (self.folder / "rules.yml").write_text(rules.dump(short))
        status, said = tools.promtool("check", "rules", "rules.yml", folder=self.folder)
        self.assertEqual(status, 0, said)
        old = {name_of(rule): rule for rule in self.rules}
        step = next(rule for rule in all_rules(short) if name_of(rule) == "DroverNoOptimizerStep")
        self.assertEqual(step["for"], "2000ms")
        self.assertIn("> 30 unless", step["expr"].replace("\n", " "))
        for rule in all_rules(short):
            self.assertNotIn("* 60", rule["expr"])
            self.assertEqual("[" in rule["expr"], rule["expr"] != old[name_of(rule)]["expr"] and "[" in rule["expr"])

    def test_every_alert_has_its_labels_notes_and_runbook(self):
        for alert in self.alerts:
            with self.subTest(alert["alert"]):
                self.assertRegex(alert["alert"], r"^Drover[A-Z][A-Za-z]+$")
                self.assertIn(alert["labels"]["severity"], ("critical", "warning"))
                notes = alert["annotations"]
                self.assertEqual(set(notes), {"summary", "description", "runbook_url"})
                self.assertIn("$labels.run", notes["summary"])
                self.assertIn("$value", notes["description"])
                self.assertIn("$labels.namespace", notes["description"])
                self.assertEqual(notes["runbook_url"], f"{rules.RUNBOOKS}{alert['alert']}.md")
                page = tools.RUNBOOKS / f"{alert['alert']}.md"
                self.assertTrue(page.is_file(), f"{page} is missing")
                headings = re.findall(r"^#+ .*", page.read_text(), re.M)
                self.assertEqual(headings, [f"# {alert['alert']}", "## Meaning", "## Impact", "## Diagnosis", "## Mitigation"])
        pages = {page.stem for page in tools.RUNBOOKS.glob("Drover*.md")}
        self.assertEqual(pages, {alert["alert"] for alert in self.alerts}, "a page without an alert")
        listed = (tools.RUNBOOKS / "README.md").read_text()
        for alert in self.alerts:
            self.assertRegex(listed, rf"\[{alert['alert']}\]\({alert['alert']}\.md\) \| {alert['labels']['severity']} \|")

    @tools.needs_prometheus
    def test_every_query_of_a_runbook_is_valid_and_of_metrics_that_exist(self):
        records = {rule["record"] for rule in self.records}
        queries = []
        for page in sorted(tools.RUNBOOKS.glob("*.md")):
            for block in re.findall(r"```promql\n(.*?)```", page.read_text(), re.S):
                queries += [(page.stem, query) for query in block.strip().splitlines() if not query.startswith("#")]
        self.assertGreater(len(queries), len(self.alerts))
        checked = [{"record": "q", "expr": query} for _, query in queries]
        (self.folder / "queries.yml").write_text(rules.dump({"groups": [{"name": "q", "rules": checked}]}))
        status, said = tools.promtool("check", "rules", "--lint=none", "queries.yml", folder=self.folder)
        self.assertEqual(status, 0, said)
        for page, query in queries:
            with self.subTest(page, query=query):
                self.assertLessEqual(set(RECORD.findall(query)), records)
                self.check_metrics(query)

    def check_metrics(self, expr):
        known = set(tools.documented_metrics()) | {"up"}
        for metric in METRIC.findall(RECORD.sub("", expr)):
            if metric not in known and SUFFIX.sub("", metric) not in known:
                self.fail(f"{metric} is not in docs/reference/metrics.md: {expr}")

    def test_names_and_what_they_are_made_of(self):
        names = [rule["record"] for rule in self.records]
        self.assertEqual(len(names), len(set(names)))
        for rule in self.records:
            self.assertRegex(rule["record"], r"^(run|pod):[a-z0-9_]+:[a-z0-9_]+$")
        for rule in self.rules:
            with self.subTest(name_of(rule)):
                self.assertLessEqual(set(RECORD.findall(rule["expr"])), set(names))
                self.check_metrics(rule["expr"])

    def test_every_alert_is_tested_just_before_and_when_it_fires(self):
        for alert in self.alerts:
            with self.subTest(alert["alert"]):
                entries = [(seconds(entry["eval_time"]), entry["exp_alerts"], test)
                           for case in CASES for test in yaml.safe_load(case.read_text())["tests"]
                           for entry in test.get("alert_rule_test", []) if entry["alertname"] == alert["alert"]]
                fired = min((at for at, expected, _ in entries if expected), default=None)
                self.assertIsNotNone(fired, "no case in which it fires")
                silent = [at for at, expected, _ in entries if not expected and at < fired]
                self.assertEqual(fired - max(silent, default=-1), STEP, "no case just before it fires")
                runs = {run for _, _, test in entries for series in test["input_series"]
                        for run in re.findall(r'(?:run|pod)="([^"]+)"', series["series"])}
                self.assertGreater(len(runs), 1, "no run that stays inside the limit")

    def test_every_recording_rule_is_tested(self):
        tested = {name for case in CASES for test in yaml.safe_load(case.read_text())["tests"]
                  for entry in test.get("promql_expr_test", []) if entry["exp_samples"]
                  for name in RECORD.findall(entry["expr"])}
        self.assertEqual(tested, {rule["record"] for rule in self.records})

    def closure(self, name):
        """The names of a rule and of all recording rules that it is made of."""
        rule = next(rule for rule in self.rules if name_of(rule) == name)
        return {name}.union(*(self.closure(record) for record in RECORD.findall(rule["expr"])))

    def only(self, names):
        """The rules of these names alone, in their groups."""
        groups = [{"name": group["name"], "rules": [rule for rule in group["rules"] if name_of(rule) in names]}
                  for group in copy.deepcopy(self.spec["groups"])]
        return {"groups": groups}

    @tools.needs_prometheus
    def test_the_cases_notice_a_rule_that_is_gone_or_has_another_wait(self):
        """Every rule is taken away, and every alert's `for` made a minute longer and shorter: its case must fail."""
        cases = [yaml.safe_load(case.read_text()) for case in CASES]
        for rule in self.rules:
            name = name_of(rule)
            kind = "alert_rule_test" if "alert" in rule else "promql_expr_test"
            mine = []
            for case in cases:
                for test in case["tests"]:
                    entries = [e for e in test.get(kind, []) if e.get("alertname") == name or name in e.get("expr", "")]
                    if entries:
                        mine.append({"interval": test["interval"], "input_series": test["input_series"], kind: entries})
            case = self.folder / "case.yaml"
            case.write_text(rules.dump({"rule_files": ["rules.yml"], "evaluation_interval": "1m", "tests": mine,
                                        "group_eval_order": [group["name"] for group in self.spec["groups"]]}))
            wait = seconds(rule.get("for"))
            waits = [wait, wait + STEP] + ([wait - STEP] if wait else []) if "alert" in rule else [0]
            for change in [None] + waits:
                with self.subTest(name, wait=change):
                    spec = self.only(self.closure(name) - ({name} if change is None else set()))
                    for changed in all_rules(spec):
                        if name_of(changed) == name and change is not None and "alert" in rule:
                            changed["for"] = f"{change}s"
                    (self.folder / "rules.yml").write_text(rules.dump(spec))
                    status, said = tools.promtool("test", "rules", "case.yaml", folder=self.folder)
                    if change == wait:
                        self.assertEqual(status, 0, said)
                    else:
                        self.assertNotEqual(status, 0, "no case noticed")
                        self.assertIn(name, said)


if __name__ == "__main__":
    unittest.main()
