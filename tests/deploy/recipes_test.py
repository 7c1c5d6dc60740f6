"""The recipes of the overlays: valid, and different from the shipped ones in what they say."""
import subprocess
import unittest

from manifests import OVERLAYS, PROGRAMS, DEPLOY, flags_of, kubectl, of_kind, one, resources, workloads

# overlay -> (the recipe that it starts from, the fields in which it differs)
DIFFERENCES = {
    "local": ("arithmetic", {"run.device", "actors.count", "actors.groups_in_flight"}),
    "gpu": ("oat-zero-7b", {"description", "model.path", "data.train", "learner.ranks", "learner.sharding", "learner.activation_checkpointing",
                            "learner.microbatch_responses", "actors.cache_bytes", "actors.count", "actors.groups_in_flight"}),
    "cluster": ("deploy/overlays/gpu/recipe.textproto", {"description", "learner.ranks", "staleness.bound"}),
}


def show(recipe):
    """The effective recipe as {path: text}."""
    done = subprocess.run([str(PROGRAMS / "drover"), "recipe", "show", recipe], cwd=DEPLOY.parent, capture_output=True, text=True)
    if done.returncode != 0:
        raise AssertionError(f"drover recipe show {recipe}: {done.stderr}")
    fields, path = {}, []
    for line in done.stdout.splitlines():
        line = line.strip()
        if line.endswith("{"):
            path.append(line[:-1].strip())
        elif line == "}":
            path.pop()
        elif ": " in line:
            name, value = line.split(": ", 1)
            fields[".".join(path + [name])] = value
    return fields


@unittest.skipUnless((PROGRAMS / "drover").exists(), "the programs are not built")
class Recipes(unittest.TestCase):
    def test_differ_from_the_shipped_ones_only_where_they_say(self):
        for overlay, (origin, allowed) in DIFFERENCES.items():
            mine, theirs = show(f"deploy/overlays/{overlay}/recipe.textproto"), show(origin)
            with self.subTest(overlay):
                different = {field for field in mine.keys() | theirs.keys() if mine.get(field) != theirs.get(field)}
                self.assertEqual(different - {"name"}, allowed)

    @unittest.skipUnless(kubectl(), "no kubectl of 1.30 or newer")
    def test_are_what_the_config_maps_hold_and_fit_the_ranks(self):
        for overlay in OVERLAYS:
            documents = resources(overlay)
            source = DEPLOY / "overlays" / (overlay if overlay in DIFFERENCES else "cluster") / "recipe.textproto"
            recipes = [d for d in of_kind(documents, "ConfigMap") if d["metadata"]["name"].startswith("drover-recipe-")]
            with self.subTest(overlay):
                self.assertEqual([recipe["data"] for recipe in recipes], [{"recipe.textproto": source.read_text()}])
                fields = show(str(source))
                job = one(documents, "JobSet", "drover")["spec"]["replicatedJobs"][0]["template"]["spec"]
                self.assertEqual(int(fields["learner.ranks"]), job["completions"])

    @unittest.skipUnless(kubectl(), "no kubectl of 1.30 or newer")
    def test_files_are_under_mounted_volumes(self):
        for overlay in OVERLAYS:
            documents = resources(overlay)
            learner = next(load for load in workloads(documents) if load.component == "learner")
            mounts = [mount["mountPath"] for mount in learner.containers[0]["volumeMounts"]]
            self.assertEqual(flags_of(learner.containers[0])["--recipe"], "/etc/drover/recipe.textproto")
            fields = show(str(DEPLOY / "overlays" / (overlay if overlay in DIFFERENCES else "cluster") / "recipe.textproto"))
            for field in ("model.path", "data.train"):
                value = fields.get(field, '""').strip('"')
                if "/" in value:
                    with self.subTest(overlay=overlay, field=field):
                        self.assertTrue(any(value.startswith(mount + "/") for mount in mounts), value)


if __name__ == "__main__":
    unittest.main()
