"""What the Job and JobSet controllers do when a pod of a JobSet ends."""
import re

CONTINUE, REPLACE = "continue", "the Job makes the pod anew"
FAIL, RESTART, RESTART_UNCOUNTED = "FailJobSet", "RestartJobSet", "RestartJobSetAndIgnoreMaxRestarts"


def _matching_rule(spec, code, disrupted):
    """(rule, message) of the first rule of the pod failure policy that matches; the message is worded as Kubernetes words it."""
    for index, rule in enumerate(spec["podFailurePolicy"]["rules"]):
        end = f"matching {rule['action']} rule at index {index}"
        codes = rule.get("onExitCodes")
        if codes and (code in codes["values"]) == (codes["operator"] == "In"):
            return rule, f"Container {codes['containerName']} for pod drover/pod-0 failed with exit code {code} {end}"
        if disrupted and "DisruptionTarget" in [condition["type"] for condition in rule.get("onPodConditions", [])]:
            return rule, f"Pod drover/pod-0 has condition DisruptionTarget {end}"
    return None, ""


def after_pod(jobset, job, code, disrupted=False):
    """(what follows the end of a pod of the replicated job, the name of the failure policy's rule or None)."""
    if code == 0:
        return CONTINUE, None
    spec = next(j for j in jobset["spec"]["replicatedJobs"] if j["name"] == job)["template"]["spec"]
    matched, message = _matching_rule(spec, code, disrupted)
    if matched and matched["action"] == "Ignore":
        return REPLACE, None
    assert matched is None or matched["action"] == "FailJob"
    assert spec["backoffLimit"] == 0  # otherwise the first failed pod fails the job
    reason, message = ("PodFailurePolicy", message) if matched else ("BackoffLimitExceeded", "Job has reached the specified backoff limit")
    for rule in jobset["spec"]["failurePolicy"]["rules"]:
        targets = rule.get("targetReplicatedJobs") or [job]
        reasons = rule.get("onJobFailureReasons") or [reason]
        patterns = rule.get("onJobFailureMessagePatterns") or [""]
        if job in targets and reason in reasons and any(re.search(pattern, message) for pattern in patterns):
            return rule["action"], rule["name"]
    return RESTART, None
