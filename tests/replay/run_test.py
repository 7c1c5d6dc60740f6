"""What a run left, recomputed from the pages of docs/reference/ and nothing else."""
import math
import unittest

import draws
import questions
import runs
import tiny_model
import training


class JournalTest(unittest.TestCase):
    """journal.md and staleness.md."""

    def test_every_lease_is_counted_once(self):
        for run in (runs.arithmetic(), runs.file_questions(), runs.resumed()):
            self.assertEqual(run.ledger.counts(), run.summary["groups"])
            self.assertEqual(run.ledger.version, run.summary["weight_version"])

    def test_groups_are_of_their_lease_and_within_their_bounds(self):
        for run in (runs.arithmetic(), runs.file_questions(), runs.resumed()):
            self.assertTrue(run.groups)
            for lease, group in run.groups.items():
                issued, accepted = run.ledger.issued[lease], run.ledger.accepted[lease]
                versions = [part.version for response in group.responses for part in response.versions]
                self.assertEqual((group.lease, group.group, group.trace_id), (lease, issued.group, issued.trace_id))
                self.assertEqual((min(versions), max(versions)), (accepted.oldest_version, accepted.newest_version))
                self.assertEqual(issued.min_version, max(0, issued.rollout - run.recipe.staleness.bound))
                for response in group.responses:
                    self.assertEqual(sum(part.count for part in response.versions), len(response.token_ids))
                    self.assertEqual(len(response.logprobs), len(response.token_ids))

    def test_group_belongs_to_the_rollout_of_its_number(self):
        for run in (runs.arithmetic(), runs.file_questions()):
            for issued in run.ledger.issued.values():
                self.assertEqual(issued.rollout, issued.group // run.recipe.rollout.prompts)

    def test_filtered_groups_are_replaced_by_the_next_numbers(self):
        run, first = runs.resumed(), 0
        self.assertGreater(run.ledger.counts()["filtered"], 0)
        for rollout, groups in enumerate(run.rollouts()):
            filtered = {run.ledger.issued[lease].group for lease in run.ledger.leases_of(rollout, "filtered")}
            trained = [group.group for group in groups]
            self.assertEqual(len(trained), run.recipe.rollout.prompts)
            self.assertEqual(sorted(filtered | set(trained)), list(range(first, first + len(filtered) + len(trained))))
            first += len(filtered) + len(trained)

    def test_each_group_is_trained_once_though_the_run_was_killed(self):
        run = runs.resumed()
        self.assertEqual(run.ledger.incarnation, 2)
        self.assertEqual([line["incarnation"] for line in run.metrics], [2] * 6)
        groups = [group.group for rollout in run.rollouts() for group in rollout]
        self.assertEqual(len(groups), len(set(groups)))
        again = [lease for trained in run.ledger.trained for lease in trained.leases if run.groups[lease].incarnation == 1]
        self.assertGreaterEqual(len(again), 3 * run.recipe.rollout.prompts, "rollouts that were undone are trained from the journal")

    def test_optimizer_steps_are_numbered_without_gaps(self):
        for run in (runs.arithmetic(), runs.file_questions(), runs.resumed()):
            number = 1
            for trained, groups in zip(run.ledger.trained, run.rollouts(), strict=True):
                planned = training.optimizer_steps(run.recipe, trained.rollout, sum(len(group.responses) for group in groups))
                self.assertEqual(trained.first_optimizer_step, number)
                self.assertEqual(trained.last_optimizer_step, number + len(planned) - 1)
                number = trained.last_optimizer_step + 1
            self.assertEqual(run.summary["optimizer_steps"], number - 1)


class QuestionsTest(unittest.TestCase):
    """questions.md: which questions were asked in which order."""

    def asked(self, run, expected):
        for issued in run.ledger.issued.values():
            self.assertEqual(issued.prompt_index, expected(issued.group).index)
        for group in run.groups.values():
            question, prompt = expected(group.group), group.prompt
            self.assertEqual((prompt.index, prompt.question, prompt.text, list(prompt.gold)),
                             (question.index, question.text, question.text, question.gold))

    def test_generated(self):
        run = runs.arithmetic()
        self.asked(run, lambda group: questions.generated(run.recipe.data, run.recipe.run.seed, group))

    def test_generated_though_groups_were_filtered_and_the_run_was_killed(self):
        run = runs.resumed()
        keys = questions.heldout_keys(run.recipe.data.heldout)
        self.assertTrue(keys)
        self.assertFalse(keys & {questions.key(group.prompt.question) for group in run.groups.values()})
        self.asked(run, lambda group: questions.generated(run.recipe.data, run.recipe.run.seed, group))

    def test_of_a_file(self):
        run = runs.file_questions()
        train, heldout = split(run)
        self.assertGreater(len(run.groups), len(train), "the run is too short for a second epoch")
        self.assertGreater(len(heldout), run.recipe.evaluation.questions)
        self.asked(run, lambda group: questions.from_file(train, run.recipe.run.seed, group))

    def test_prompts_are_the_alphabets_ids(self):
        for run in (runs.arithmetic(), runs.file_questions()):
            ids = ids_of(runs.arithmetic().recipe)
            for group in run.groups.values():
                self.assertEqual(list(group.prompt_token_ids), [ids[c] for c in group.prompt.text])


def ids_of(recipe):
    """tokenizer.md: <pad>, <eos>, then the alphabet."""
    return {character: number for number, character in enumerate(recipe.model.embedded.alphabet, 2)}


def split(run):
    """(training questions, held-out questions) of a run whose questions are a file's."""
    ids = ids_of(runs.arithmetic().recipe)
    return questions.split(run.recipe.data, questions.read_file(run.recipe.data.train), fits=lambda text: set(text) <= set(ids))


class EvaluationTest(unittest.TestCase):
    """The held-out questions of the first evaluation, answered again."""

    def again(self, run, heldout):
        first, model = run.evaluations[0], tiny_model.Model(run.checkpoint(0))
        ids = ids_of(runs.arithmetic().recipe)
        letters = {number: character for character, number in ids.items()}
        lengths, cuts, correct = [], 0, 0
        for question in heldout:
            tokens, cut = tiny_model.greedy(model, [ids[c] for c in question.text], {1}, run.recipe.rollout.max_response_tokens)
            text = "".join(letters.get(token, "") for token in tokens)
            lengths.append(len(tokens))
            cuts += cut
            correct += not cut and text.rsplit(";")[-1] in question.gold
        self.assertEqual(first["step"], 0)
        self.assertEqual(first["questions"], len(heldout))
        self.assertAlmostEqual(first["response_length"], training.mean(lengths))
        self.assertAlmostEqual(first["truncated_share"], cuts / len(heldout))
        self.assertEqual(first["correct"], correct)
        self.assertGreater(len(set(lengths)), 1, "all questions are alike: this says nothing of their order")

    def test_accuracies_have_wilsons_interval(self):
        for line in runs.arithmetic().evaluations + runs.file_questions().evaluations:
            low, high = training.wilson(line["correct"], line["questions"])
            self.assertAlmostEqual(line["accuracy_interval"][0], low, places=5)
            self.assertAlmostEqual(line["accuracy_interval"][1], high, places=5)

    def test_generated(self):
        run = runs.arithmetic()
        self.again(run, questions.generated_heldout(run.recipe.data, run.recipe.evaluation.questions))

    def test_of_a_file_of_held_out_questions(self):
        run = runs.resumed()
        self.again(run, questions.heldout_of_file(run.recipe.data.heldout)[:run.recipe.evaluation.questions])

    def test_of_a_file(self):
        run = runs.file_questions()
        _, heldout = split(run)
        self.again(run, heldout[:run.recipe.evaluation.questions])


class SamplingTest(unittest.TestCase):
    """sampling.md: the tokens of the first rollout, drawn again from the weights of version 0."""

    def test_every_token_is_the_one_that_was_drawn(self):
        for run in (runs.arithmetic(), runs.file_questions()):
            model = tiny_model.Model(run.checkpoint(0))
            for group in run.rollouts()[0]:
                for number, distributions in enumerate(tiny_model.distributions(model, run.recipe, group)):
                    for position, p in enumerate(distributions):
                        token, recorded = (of[position] for of in (group.responses[number].token_ids, group.responses[number].logprobs))
                        uniform = draws.sampling_uniform(run.recipe.run.seed, group.group, number, position)
                        where = f"group {group.group}, response {number}, token {position}"
                        self.assertLess(tiny_model.slack(p, run.recipe.rollout, token, uniform), 1e-5, where)
                        self.assertLess(abs(math.log(p[token]) - recorded), 1e-4, where)

    def test_responses_end_at_the_end_of_sequence_or_the_budget(self):
        for run in (runs.arithmetic(), runs.file_questions()):
            finishes = set()
            for group in run.groups.values():
                for response in group.responses:
                    ended = response.token_ids[-1] == 1
                    self.assertEqual(training.cut(response), not ended)
                    self.assertNotIn(1, response.token_ids[:-1])
                    if not ended:
                        self.assertEqual(len(response.token_ids), run.recipe.rollout.max_response_tokens)
                    finishes.add(ended)
            self.assertEqual(finishes, {True, False})


class TrainingTest(unittest.TestCase):
    """algorithm.md and run-folder.md."""

    def check_samples(self, run):
        signal = False
        for number, groups in enumerate(run.rollouts()):
            advantages = training.advantages(run.recipe, number, groups)
            samples = [sample for sample in run.samples if sample["step"] == number + 1]
            self.assertEqual(len(samples), min(8, len(groups)))
            for sample, group, advantage in zip(samples, groups, advantages):
                self.assertEqual((sample["group"], sample["lease"], sample["weight_version"], sample["trained_at_version"]),
                                 (group.group, group.lease, training.oldest_version(group), number))
                for shown, response, a in zip(sample["responses"], group.responses, advantage, strict=True):
                    self.assertEqual((shown["reward"], shown["tokens"]), (training.reward(response), len(response.token_ids)))
                    self.assertEqual(shown["finish_reason"], "length" if training.cut(response) else "stop")
                    self.assertAlmostEqual(shown["advantage"], a, places=12)
                    signal |= a != 0
        self.assertTrue(signal, "no advantage at all: the run says nothing")

    def test_advantages_of_dr_grpo(self):
        self.check_samples(runs.arithmetic())

    def test_advantages_over_their_deviation_of_shuffled_rewards(self):
        self.check_samples(runs.file_questions())

    def test_metrics(self):
        for run in (runs.arithmetic(), runs.file_questions(), runs.resumed()):
            generated = 0
            for number, (groups, line) in enumerate(zip(run.rollouts(), run.metrics, strict=True)):
                expected = training.rollout_metrics(groups, number, training.advantages(run.recipe, number, groups))
                for field, value in expected.items():
                    if value is None:
                        self.assertIsNone(line[field], field)
                    else:
                        self.assertAlmostEqual(line[field], value, places=9, msg=f"{field} of step {number + 1}")
                generated += expected["response_tokens"]
                self.assertEqual(line["tokens_generated"], generated)
                self.assertEqual((line["step"], line["weight_version"]), (number + 1, number + 1))
                self.assertEqual(line["optimizer_steps"], run.ledger.trained[number].last_optimizer_step)

    def test_some_group_was_stale_within_the_bound(self):
        self.assertEqual(max(line["staleness_max"] for line in runs.file_questions().metrics), 1)

    def test_loss_of_a_rollout_in_one_step(self):
        run = runs.file_questions()
        for number, (groups, line) in enumerate(zip(run.rollouts(), run.metrics)):
            expected = training.first_loss(run.recipe, groups, training.advantages(run.recipe, number, groups))
            self.assertAlmostEqual(line["loss"], expected, places=5)
            self.assertEqual((line["clip_fraction"], line["old_kl"]), (0, 0))
            self.assertAlmostEqual(line["ratio_max"], 1, places=6)

    def test_entropy_is_of_every_response(self):
        for run in (runs.arithmetic(), runs.file_questions()):
            model = tiny_model.Model(run.checkpoint(0))
            entropies = [tiny_model.entropy(p) for group in run.rollouts()[0]
                         for response in tiny_model.distributions(model, run.recipe, group) for p in response]
            self.assertAlmostEqual(run.metrics[0]["entropy"], training.mean(entropies), places=4)

    def test_off_policy_loss_and_its_statistics(self):
        """Groups of the version before, by what the actor recorded, with a KL term and without the responses that were cut."""
        run = runs.off_policy()
        reference = tiny_model.Model(run.checkpoint(0))
        for number, (groups, line) in enumerate(zip(run.rollouts(), run.metrics, strict=True)):
            expected = training.off_policy(run.recipe, groups, training.advantages(run.recipe, number, groups),
                                           tiny_model.Model(run.checkpoint(number)), reference)
            for field, value in expected.items():
                self.assertAlmostEqual(line[field], value, delta=1e-4 * max(1, abs(value)), msg=f"{field} of step {number + 1}")
            fresh = any(part.version == number for group in groups for response in group.responses for part in response.versions)
            self.assertEqual(line["logprob_gap_max"] is not None, fresh, f"step {number + 1}")
        self.assertIn(None, [line["logprob_gap_mean"] for line in run.metrics])
        for field in ("staleness_max", "truncated_share", "clip_fraction", "kl", "zero_advantage_share"):
            self.assertGreater(max(line[field] for line in run.metrics), 0, f"{field}: the run says nothing of it")

    def test_optimizer_steps_hold_the_responses_of_the_permutation(self):
        """The learner names the groups of a step that it skips."""
        run = runs.skipped()
        skipped = [line for line in run.learner_log if line["message"].startswith("optimizer step skipped")]
        self.assertEqual({line["rollout"] for line in skipped}, {0, 1})
        self.assertEqual(len(skipped), sum(line["skipped_steps"] for line in run.metrics))
        size = run.recipe.rollout.group_size
        for line in skipped:
            groups = run.rollouts()[line["rollout"]]
            steps = training.optimizer_steps(run.recipe, line["rollout"], size * len(groups))
            first = run.ledger.trained[line["rollout"]].first_optimizer_step
            responses = steps[line["step"] - first]
            self.assertEqual(sorted(line["groups"]), sorted({groups[response // size].group for response in responses}), line["step"])


class InitialWeightsTest(unittest.TestCase):
    """random-numbers.md: the weights of a new model."""

    def test_are_those_of_the_seed(self):
        run = runs.untrained()
        stored = tiny_model.read_safetensors(run.checkpoint(0) / "model.safetensors")
        expected = draws.initial_weights(run.recipe.run.seed, {name: shape for name, (shape, _) in stored.items()},
                                         run.recipe.model.embedded.init_std)
        for name, (_, numbers) in stored.items():
            worst = max(abs(a - b) for a, b in zip(numbers, expected[name], strict=True))
            self.assertLess(worst, 1e-6, name)


if __name__ == "__main__":
    unittest.main()
