"""Every resource of every overlay fits its schema, closed: a misspelt field is an error."""
import copy
import unittest
from pathlib import Path

import jsonschema
import kubernetes_validate
import yaml

from manifests import OVERLAYS, ROOT, kubectl, of_kind, one, resources

# The oldest Kubernetes that the guide names, and a newer one.
VERSIONS = ("1.31", "1.34")
SCHEMAS = ROOT.parent / "shared" / "schemas"
CUSTOM = {("jobset.x-k8s.io/v1alpha2", "JobSet"): "jobset.x-k8s.io_jobsets.yaml",
          ("keda.sh/v1alpha1", "ScaledObject"): "keda.sh_scaledobjects.yaml",
          ("monitoring.coreos.com/v1", "PodMonitor"): "monitoring.coreos.com_podmonitors.yaml",
          ("monitoring.coreos.com/v1", "PrometheusRule"): "monitoring.coreos.com_prometheusrules.yaml"}


def kind_of(document):
    return document["apiVersion"], document["kind"]


def closed(schema):
    """The schema with no properties but those that it lists, wherever it lists some."""
    if isinstance(schema, list):
        return [closed(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    schema = {key: closed(value) for key, value in schema.items()}
    if isinstance(schema.get("properties"), dict) and not schema.get("x-kubernetes-preserve-unknown-fields"):
        schema.setdefault("additionalProperties", False)
    if schema.get("x-kubernetes-int-or-string"):
        schema.pop("type", None)
        schema["anyOf"] = [{"type": "integer"}, {"type": "string"}]
    return schema


def custom_schema(version_and_kind):
    version = version_and_kind[0].split("/")[1]
    definition = yaml.safe_load((SCHEMAS / CUSTOM[version_and_kind]).read_text())
    schema = next(v["schema"]["openAPIV3Schema"] for v in definition["spec"]["versions"] if v["name"] == version)
    schema = closed(schema)
    schema["properties"]["metadata"] = {"type": "object"}  # of every resource; checked by the API server
    return schema


def core_errors(document, version):
    try:
        kubernetes_validate.validate(document, version, strict=True)
        return None
    except kubernetes_validate.ValidationError as error:
        return str(error)


def custom_error(document, validators={}):
    kind = kind_of(document)
    if kind not in validators:
        validators[kind] = jsonschema.Draft7Validator(custom_schema(kind))
    error = jsonschema.exceptions.best_match(validators[kind].iter_errors(document))
    return f"{'/'.join(map(str, error.absolute_path))}: {error.message}" if error else None


@unittest.skipUnless(kubectl(), "no kubectl of 1.30 or newer")
class CoreResources(unittest.TestCase):
    def test_fit_strictly(self):
        for overlay in OVERLAYS:
            for document in resources(overlay):
                if kind_of(document) in CUSTOM:
                    continue
                for version in VERSIONS:
                    with self.subTest(overlay=overlay, kind=document["kind"], name=document["metadata"]["name"], kubernetes=version):
                        self.assertIsNone(core_errors(document, version))

    def test_a_misspelt_field_is_found(self):
        deployment = one(resources("local"), "Deployment", "drover-actor")
        self.assertIsNone(core_errors(deployment, VERSIONS[0]))
        deployment["spec"]["template"]["spec"]["terminationGracePeriodSecond"] = 5
        self.assertIn("terminationGracePeriodSecond", core_errors(deployment, VERSIONS[0]))

    def test_pod_templates_of_job_sets_fit_strictly(self):
        for overlay in OVERLAYS:
            for jobset in of_kind(resources(overlay), "JobSet"):
                for job in jobset["spec"]["replicatedJobs"]:
                    as_job = {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": job["name"]}, **job["template"]}
                    with self.subTest(overlay=overlay, job=job["name"]):
                        self.assertIsNone(core_errors(as_job, VERSIONS[0]))


@unittest.skipUnless(kubectl(), "no kubectl of 1.30 or newer")
@unittest.skipUnless(SCHEMAS.is_dir(), "no data (../shared/schemas)")
class CustomResources(unittest.TestCase):
    def test_fit_closed_schemas(self):
        seen = set()
        for overlay in OVERLAYS:
            for document in resources(overlay):
                if kind_of(document) not in CUSTOM:
                    continue
                seen.add(document["kind"])
                with self.subTest(overlay=overlay, kind=document["kind"], name=document["metadata"]["name"]):
                    self.assertIsNone(custom_error(document))
        self.assertLessEqual({"JobSet", "ScaledObject"}, seen)

    def test_misspelt_fields_are_found(self):
        jobset = one(resources("local"), "JobSet", "drover")
        for where, wrong in (((), "failurePolicies"), (("failurePolicy",), "maxRestart"), (("network",), "subDomain"),
                             (("failurePolicy", "rules", 0), "onJobFailureReason"),
                             (("replicatedJobs", 0, "template", "spec"), "podFailurePolicies"),
                             (("replicatedJobs", 0, "template", "spec", "template", "spec", "containers", 0), "readinesProbe")):
            broken = copy.deepcopy(jobset)
            at = broken["spec"]
            for key in where:
                at = at[key]
            at[wrong] = {}
            with self.subTest(wrong):
                self.assertIn(wrong, custom_error(broken))
        scaled = one(resources("cluster"), "ScaledObject", "drover-actor")
        scaled["spec"]["advanced"]["scalingModifier"] = {}
        self.assertIn("scalingModifier", custom_error(scaled))

    def test_a_value_that_is_none_of_the_enumerated_is_found(self):
        jobset = one(resources("local"), "JobSet", "drover")
        jobset["spec"]["failurePolicy"]["rules"][0]["action"] = "FailTheJobSet"
        self.assertIn("FailTheJobSet", custom_error(jobset))


if __name__ == "__main__":
    unittest.main()
