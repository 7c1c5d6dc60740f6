"""A real run and a real Prometheus that scrapes it, on loopback; both end with their `stop`."""
import functools
import json
import os
import re
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

import yaml

import tools  # first: it says where `rules` is
import rules

NAMESPACE = "test"
PROGRAM = tools.ROOT / "build" / "bin" / "drover"
# A model as small as in tests/system/run_fixture.cc, and rollouts of a few tenths of a second.
TINY = {"run.checkpoint_every": 20, "run.keep_checkpoints": 2, "run.device": '"cpu"', "model.embedded.hidden_size": 32,
        "model.embedded.layers": 1, "model.embedded.heads": 2, "model.embedded.kv_heads": 2, "model.embedded.intermediate_size": 64,
        "data.arithmetic.min_digits": 1, "data.arithmetic.max_digits": 1, "data.heldout_share": 0.3, "pretrain.batches": 120,
        "pretrain.batch_size": 16, "pretrain.learning_rate": "1e-2", "pretrain.warmup_steps": 5, "rollout.prompts": 32,
        "rollout.group_size": 8, "rollout.max_response_tokens": 24, "learner.minibatch_responses": 128,
        "learner.microbatch_responses": 128, "learner.warmup_steps": 0, "evaluation.questions": 24,
        "leases.ttl_seconds": 3}


def eventually(condition, timeout, pause=0.25):
    """What `condition` returned first that is true, or its last answer after `timeout` seconds."""
    deadline = time.monotonic() + timeout
    while True:
        answer = condition()
        if answer or time.monotonic() > deadline:
            return answer
        time.sleep(pause)


def end(process, sign=signal.SIGTERM, timeout=20):
    if process.poll() is None:
        process.send_signal(sign)
    try:
        process.wait(timeout)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(timeout)


class Run:
    """`drover train` with a recipe, overrides {field: value}, in FOLDER/NAME."""

    def __init__(self, name, folder, settings, recipe="arithmetic"):
        self.name, self.folder = name, Path(folder) / name
        flags = [part for field, value in settings.items() for part in ("--set", f"{field}={value}")]
        self.log = open(Path(folder) / f"{name}.log", "w+")
        self.process = subprocess.Popen([PROGRAM, "train", "--recipe", recipe, "--out", self.folder, *flags],
                                        stdout=self.log, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL)

    def said(self):
        self.log.flush()
        return Path(self.log.name).read_text()[-600:]

    def ports(self):
        """Name of each process that listens -> its metrics port."""
        found = {}
        for path in sorted((self.folder / "ports").glob("*.json")):
            found[path.stem] = json.loads(path.read_text())["metrics_port"]
        return found

    def pid(self, process):
        """Of a child of this run, by its port file; None when it does not run."""
        port_file = str(self.folder / "ports" / f"{process}.json")
        for path in Path("/proc").glob("[0-9]*/cmdline"):
            try:
                words = path.read_bytes().decode(errors="replace")
            except OSError:
                continue
            if port_file in words:
                return int(path.parent.name)
        return None

    def targets(self):
        """As Kubernetes's service discovery would give them, one group a pod: for file_sd."""
        groups = []
        for process, port in self.ports().items():
            component = process.split("-")[0]
            labels = {"__meta_kubernetes_namespace": NAMESPACE, "__meta_kubernetes_pod_name": f"{self.name}-{process}",
                      "__meta_kubernetes_pod_container_name": component,
                      "__meta_kubernetes_pod_label_app_kubernetes_io_name": "drover",
                      "__meta_kubernetes_pod_label_app_kubernetes_io_component": component,
                      "__meta_kubernetes_pod_label_app_kubernetes_io_instance": self.name}
            if component == "learner":
                labels["__meta_kubernetes_pod_annotation_batch_kubernetes_io_job_completion_index"] = process.split("-")[1]
            groups.append({"targets": [f"127.0.0.1:{port}"], "labels": labels})
        return groups

    def stop(self):
        end(self.process)
        self.log.close()


def _snake(name):
    return re.sub(r"[A-Z]", lambda m: "_" + m[0].lower(), name)


def _relabelings(configs):
    return [{_snake(key): value for key, value in config.items()} for config in configs]


def scrape_configs(sd_file, interval):
    """What Prometheus's operator makes of podmonitors.yaml, with file_sd in place of Kubernetes's discovery."""
    jobs = []
    for monitor in yaml.safe_load_all((tools.MONITORING / "podmonitors.yaml").read_text()):
        keep = [{"source_labels": ["__meta_kubernetes_pod_label_" + re.sub(r"\W", "_", label)], "regex": value, "action": "keep"}
                for label, value in monitor["spec"]["selector"]["matchLabels"].items()]
        own = [{"source_labels": [f"__meta_kubernetes_{source}"], "target_label": target} for source, target in
               (("namespace", "namespace"), ("pod_container_name", "container"), ("pod_name", "pod"))]
        for endpoint in monitor["spec"]["podMetricsEndpoints"]:
            jobs.append({"job_name": monitor["metadata"]["name"], "scrape_interval": interval, "scrape_timeout": interval,
                         "metrics_path": endpoint["path"], "file_sd_configs": [{"files": [str(sd_file)], "refresh_interval": "1s"}],
                         "relabel_configs": keep + own + _relabelings(endpoint["relabelings"]),
                         "metric_relabel_configs": _relabelings(endpoint.get("metricRelabelings", []))})
    return jobs


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


class Prometheus:
    """Scrapes what `targets` is given; rules as in prometheusrule.yaml, every window and threshold of time FACTOR times shorter."""

    def __init__(self, folder, factor=1.0, interval="1s"):
        self.folder = Path(folder) / "prometheus"
        self.folder.mkdir()
        self.sd_file = self.folder / "targets.json"
        self.targets([])
        spec = rules.load()["spec"]
        (self.folder / "rules.yml").write_text(rules.dump(rules.shorten(spec, factor) if factor != 1 else spec))
        config = {"global": {"evaluation_interval": interval}, "rule_files": ["rules.yml"],
                  "scrape_configs": scrape_configs(self.sd_file, interval)}
        (self.folder / "prometheus.yml").write_text(rules.dump(config))
        for _ in range(3):  # the port may be taken between the look and the start
            self.port = free_port()
            with open(self.folder / "log", "w") as log:
                self.process = subprocess.Popen(
                    [tools.program("prometheus"), f"--config.file={self.folder}/prometheus.yml", f"--storage.tsdb.path={self.folder}/data",
                     f"--web.listen-address=127.0.0.1:{self.port}", "--storage.tsdb.retention.time=1d", "--log.level=warn"],
                    stdout=log, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL)
            if eventually(lambda: self.ready() or self.process.poll() is not None, 30) and self.ready():
                return
            end(self.process)
        raise RuntimeError("Prometheus did not start: " + (self.folder / "log").read_text()[-2000:])

    def targets(self, groups):
        fresh = self.sd_file.with_suffix(".new")
        fresh.write_text(json.dumps(groups))
        os.replace(fresh, self.sd_file)

    def ready(self):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/-/ready", timeout=2) as answer:
                return answer.status == 200
        except OSError:
            return False

    def get(self, path, **parameters):
        url = f"http://127.0.0.1:{self.port}/api/v1/{path}?{urllib.parse.urlencode(parameters)}"
        try:
            with urllib.request.urlopen(url, timeout=20) as answer:
                return json.load(answer)["data"]
        except urllib.error.HTTPError as error:
            raise AssertionError(f"{path} {parameters}: {error.read().decode()[:500]}") from None

    def query(self, expression):
        """An instant vector: a list of (labels, value)."""
        answer = self.get("query", query=expression)
        if answer["resultType"] == "scalar":
            return [({}, float(answer["result"][1]))]
        return [(sample["metric"], float(sample["value"][1])) for sample in answer["result"]]

    def query_range(self, expression, start, stop, step):
        """A list of (labels, [(time, value)])."""
        answer = self.get("query_range", query=expression, start=start, end=stop, step=step)
        return [(series["metric"], [(at, float(value)) for at, value in series["values"]]) for series in answer["result"]]

    def firing(self, run):
        """Names of the alerts of a run that fire."""
        return {alert["labels"]["alertname"] for alert in self.get("alerts")["alerts"]
                if alert["state"] == "firing" and alert["labels"].get("run") == run}

    def stop(self):
        end(self.process)


@functools.cache
def built():
    return all((PROGRAM.parent / name).is_file() for name in ("drover", "drover-learner", "drover-actor", "drover-verifier"))
