"""The rendered overlays, and what can be read from them: shared by the tests of this folder and by tests/cluster/."""
import copy
import functools
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"
OVERLAYS = sorted(path.parent.name for path in (DEPLOY / "overlays").glob("*/kustomization.yaml"))
PROGRAMS = ROOT / "build" / "bin"
OLDEST_KUBECTL = (1, 30)


@functools.cache
def kubectl():
    """A kubectl of 1.30 or newer: the machine's, else the one of setup/python-deploy.txt; None without."""
    beside = Path(sys.executable).parent / "kubectl"
    for program in filter(None, [shutil.which("kubectl"), str(beside) if beside.exists() else None]):
        said = subprocess.run([program, "version", "--client"], capture_output=True, text=True).stdout
        version = re.search(r"Client Version: v(\d+)\.(\d+)", said)
        if version and tuple(map(int, version.groups())) >= OLDEST_KUBECTL:
            return program
    return None


@functools.cache
def rendered(overlay):
    """The overlay as YAML text. Raises with kustomize's words when it cannot be rendered."""
    done = subprocess.run([kubectl(), "kustomize", str(DEPLOY / "overlays" / overlay)], capture_output=True, text=True,
                          env={**os.environ, "KUBECONFIG": "/dev/null"})
    if done.returncode != 0:
        raise RuntimeError(f"kubectl kustomize deploy/overlays/{overlay}: {done.stderr}")
    return done.stdout


@functools.cache
def _parsed(overlay):
    return list(yaml.load_all(rendered(overlay), yaml.CSafeLoader))


def resources(overlay):
    """The overlay's resources: a copy, which a test may change."""
    return copy.deepcopy(_parsed(overlay))


def of_kind(documents, kind):
    return [document for document in documents if document["kind"] == kind]


def one(documents, kind, name):
    found = [document for document in of_kind(documents, kind) if document["metadata"]["name"] == name]
    if len(found) != 1:
        raise LookupError(f"{len(found)} of {kind} {name}")
    return found[0]


@dataclass
class Workload:
    """What makes pods: a Deployment, or a replicated job of a JobSet."""
    owner: dict       # the resource
    name: str         # of the Deployment, or NAME-JOB of a JobSet
    template: dict    # of its pods
    replicas: int     # pods; 1 for a Deployment whose count something else decides

    @property
    def labels(self):
        return self.template["metadata"]["labels"]

    @property
    def component(self):
        return self.labels["app.kubernetes.io/component"]

    @property
    def containers(self):
        return self.template["spec"]["containers"]

    def pod_labels(self, index=0):
        """Labels of its pod number `index`, with those that the Job controller adds."""
        added = {"batch.kubernetes.io/job-completion-index": str(index)} if self.owner["kind"] == "JobSet" else {}
        return {**self.labels, **added}


def workloads(documents):
    found = [Workload(d, d["metadata"]["name"], d["spec"]["template"], d["spec"].get("replicas", 1))
             for d in of_kind(documents, "Deployment")]
    for jobset in of_kind(documents, "JobSet"):
        for job in jobset["spec"]["replicatedJobs"]:
            spec = job["template"]["spec"]
            found.append(Workload(jobset, f"{jobset['metadata']['name']}-{job['name']}", spec["template"], spec["completions"]))
    return found


def program_of(container):
    """The program's name, from the container's command."""
    return Path(container["command"][0]).name


def flags_of(container):
    """`--name=value` of the arguments, as a dictionary."""
    return dict(argument.split("=", 1) for argument in container["args"])


@functools.cache
def help_of(program):
    return subprocess.run([str(PROGRAMS / program), "--help"], capture_output=True, text=True, check=True).stdout


def port_of(container, name):
    """The number of a container's port that is named, or is a number already."""
    if isinstance(name, int):
        return name
    return next((port["containerPort"] for port in container.get("ports", []) if port["name"] == name), None)


def selects(selector, labels):
    """Whether a label selector matches. An empty one matches everything, an absent one nothing."""
    if selector is None:
        return False
    for key, value in selector.get("matchLabels", {}).items():
        if labels.get(key) != value:
            return False
    for rule in selector.get("matchExpressions", []):
        value = labels.get(rule["key"])
        if not {"In": value in rule.get("values", []), "NotIn": value not in rule.get("values", []),
                "Exists": value is not None, "DoesNotExist": value is None}[rule["operator"]]:
            return False
    return True


def seconds_of(quantity):
    return float(quantity)


def bytes_of(quantity):
    """A Kubernetes quantity of bytes."""
    number, unit = re.fullmatch(r"([0-9.]+)([A-Za-z]*)", str(quantity)).groups()
    factors = {"": 1, "k": 10**3, "M": 10**6, "G": 10**9, "T": 10**12, "Ki": 2**10, "Mi": 2**20, "Gi": 2**30, "Ti": 2**40}
    return float(number) * factors[unit]


def cores_of(quantity):
    text = str(quantity)
    return float(text[:-1]) / 1000 if text.endswith("m") else float(text)
