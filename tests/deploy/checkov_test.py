"""checkov over everything that the overlays render, with a reason beside each exception."""
import json
import os
import subprocess
import tempfile
import unittest
from pathlib import Path

import yaml

from manifests import DEPLOY, OVERLAYS, kubectl, of_kind, resources

# check -> why it does not hold here
EXCEPTIONS = {
    "CKV_K8S_43": "the image is yours: its digest is known when you have pushed it (docs/guides/kubernetes.md says how to pin it)",
    "CKV_K8S_15": "tags carry a version and are not moved; Always would need a registry where `kind load` has the image",
    "CKV_DOCKER_2": "no HEALTHCHECK: Kubernetes probes, and does not look at it; the image has five programs",
}
CHECKOV = os.environ.get("DROVER_CHECKOV", "")


def findings(folder):
    """{check: [resources]} of what fails in a folder of manifests and Dockerfiles."""
    done = subprocess.run([CHECKOV, "--directory", str(folder), "--framework", "kubernetes", "dockerfile", "--compact", "--quiet", "--skip-download",
                           "--output", "json"], capture_output=True, text=True, env={**os.environ, "LOG_LEVEL": "ERROR"})
    reports = json.loads(done.stdout)
    reports = reports if isinstance(reports, list) else [reports]
    failed, passed = {}, 0
    for report in reports:
        passed += report["summary"]["passed"]
        for check in report["results"]["failed_checks"]:
            failed.setdefault(check["check_id"], []).append(check["resource"])
    if not passed:
        raise AssertionError(f"checkov checked nothing: {done.stdout[:500]} {done.stderr[-500:]}")
    return failed


def with_jobs(documents):
    """checkov does not look into a JobSet: its jobs, as Jobs."""
    for jobset in of_kind(documents, "JobSet"):
        for job in jobset["spec"]["replicatedJobs"]:
            metadata = {"name": f"{jobset['metadata']['name']}-{job['name']}", "namespace": jobset["metadata"]["namespace"]}
            documents.append({"apiVersion": "batch/v1", "kind": "Job", "metadata": metadata, "spec": job["template"]["spec"]})
    return documents


@unittest.skipUnless(kubectl(), "no kubectl of 1.30 or newer")
@unittest.skipUnless(CHECKOV, "no checkov (setup/python-checkov.txt)")
class Checkov(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory(prefix="drover-checkov-")
        self.addCleanup(self.folder.cleanup)

    def write(self, name, text):
        (Path(self.folder.name) / name).write_text(text)

    def test_finds_nothing_but_the_exceptions(self):
        for overlay in OVERLAYS:
            self.write(f"{overlay}.yaml", yaml.safe_dump_all(with_jobs(resources(overlay))))
        self.write("Dockerfile", (DEPLOY / "Dockerfile").read_text())
        found = findings(self.folder.name)
        self.assertEqual(set(found), set(EXCEPTIONS), {check: sorted(set(where)) for check, where in found.items()})

    def test_planted_faults_are_found(self):
        documents = with_jobs(resources("local"))
        job = of_kind(documents, "Job")[0]["spec"]["template"]["spec"]
        job["containers"][0]["securityContext"]["privileged"] = True
        job["containers"][0]["image"] = "drover:latest"
        self.write("local.yaml", yaml.safe_dump_all(documents))
        self.write("Dockerfile", "FROM debian:latest\nRUN true\n")
        found = findings(self.folder.name)
        self.assertLessEqual({"CKV_K8S_16", "CKV_K8S_14", "CKV_DOCKER_7", "CKV_DOCKER_3"}, set(found))
        self.assertIn("Job.drover.drover-learner", found["CKV_K8S_16"])


if __name__ == "__main__":
    unittest.main()
