"""What the Job and JobSet controllers do when a pod of a JobSet ends."""
import re

CONTINUE, FAIL, RESTART, RESTART_UNCOUNTED = "continue", "FailJobSet", "RestartJobSet", "RestartJobSetAndIgnoreMaxRestarts"


def _job_failure(spec, code, disrupted):
    """(reason, message) of the Job's condition Failed, worded as Kubernetes words it."""
    for index, rule in enumerate(spec["podFailurePolicy"]["rules"]):
        if "onExitCodes" in rule:
            wanted = rule["onExitCodes"]
            if (code in wanted["values"]) == (wanted["operator"] == "In") and code != 0 and rule["action"] == "FailJob":
                return "PodFailurePolicy", (f"Container {wanted['containerName']} for pod drover/pod-0 failed with exit code {code} "
                                            f"matching FailJob rule at index {index}")
        for condition in rule.get("onPodConditions", []):
            if condition["type"] == "DisruptionTarget" and disrupted and rule["action"] == "FailJob":
                return "PodFailurePolicy", f"Pod drover/pod-0 has condition DisruptionTarget matching FailJob rule at index {index}"
    assert spec["backoffLimit"] == 0  # the first failed pod fails the job
    return "BackoffLimitExceeded", "Job has reached the specified backoff limit"


def after_pod(jobset, job, code, disrupted=False):
    """(what follows the end of a pod of the replicated job, the name of the failure policy's rule or None)."""
    if code == 0:
        return CONTINUE, None
    spec = next(j for j in jobset["spec"]["replicatedJobs"] if j["name"] == job)["template"]["spec"]
    reason, message = _job_failure(spec, code, disrupted)
    for rule in jobset["spec"]["failurePolicy"]["rules"]:
        targets = rule.get("targetReplicatedJobs") or [job]
        reasons = rule.get("onJobFailureReasons") or [reason]
        patterns = rule.get("onJobFailureMessagePatterns") or [""]
        if job in targets and reason in reasons and any(re.search(pattern, message) for pattern in patterns):
            return rule["action"], rule["name"]
    return RESTART, None
