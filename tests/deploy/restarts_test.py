"""What becomes of the JobSet when a learner's pod ends: its pod failure policy and failure policy, evaluated as their controllers do."""
import unittest

from manifests import OVERLAYS, kubectl, one, resources
from jobs import CONTINUE, FAIL, REPLACE, RESTART, RESTART_UNCOUNTED, after_pod


@unittest.skipUnless(kubectl(), "no kubectl of 1.30 or newer")
class Restarts(unittest.TestCase):
    # (exit code, whether the pod has the condition DisruptionTarget) -> what follows
    CASES = {
        (0, False): CONTINUE,            # done
        (2, False): FAIL,                # wrong configuration
        (2, True): FAIL,
        (75, True): RESTART_UNCOUNTED,   # drained with its node, with a checkpoint
        (1, True): RESTART_UNCOUNTED,
        (137, True): RESTART_UNCOUNTED,  # the grace period was too short
        (75, False): REPLACE,            # stopped in order: deleted by hand, or because another rank was stopped
        (1, False): RESTART,
        (137, False): RESTART,           # out of memory
        (139, False): RESTART,
        (143, False): RESTART,
    }

    def test_what_follows_the_end_of_a_learner(self):
        for overlay in OVERLAYS:
            jobset = one(resources(overlay), "JobSet", "drover")
            for (code, disrupted), expected in self.CASES.items():
                with self.subTest(overlay=overlay, code=code, disrupted=disrupted):
                    self.assertEqual(after_pod(jobset, "learner", code, disrupted)[0], expected)

    def test_the_first_matching_rule_counts(self):
        jobset = one(resources("local"), "JobSet", "drover")
        jobset["spec"]["failurePolicy"]["rules"].reverse()
        jobset["spec"]["failurePolicy"]["rules"][0].pop("onJobFailureMessagePatterns")  # now it takes both reasons
        self.assertEqual(after_pod(jobset, "learner", 2, False)[0], RESTART_UNCOUNTED)

    def test_the_same_number_of_ranks_in_recipe_and_job(self):
        for overlay in OVERLAYS:
            spec = one(resources(overlay), "JobSet", "drover")["spec"]["replicatedJobs"][0]["template"]["spec"]
            self.assertEqual(spec["completionMode"], "Indexed")
            self.assertEqual(spec["completions"], spec["parallelism"])
            self.assertEqual(spec["completions"], 8 if overlay in ("cluster", "spot") else 1)


if __name__ == "__main__":
    unittest.main()
