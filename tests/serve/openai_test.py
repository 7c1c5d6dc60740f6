"""`drover serve` through OpenAI's own client, which checks the shapes of what it is answered."""
import concurrent.futures
import json
import math
import shutil
import subprocess
import time
import unittest

import openai

from server import CONTEXT, FOLDER, ROOT, VOCABULARY, Server, make_model

CHAT = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "What is 7 + 5?"}]


class OpenAiTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.model = make_model(FOLDER / "tiny")
        cls.server = Server(cls.model, "--max-requests", "40")
        cls.client = openai.OpenAI(base_url=cls.server.url + "/v1", api_key="any", max_retries=0, timeout=60)

    @classmethod
    def tearDownClass(cls):
        status, said = cls.server.stop()
        assert status == 0 and "serving tiny" in said, (status, said)

    def chat(self, **options):
        return self.client.chat.completions.create(model="tiny", messages=CHAT, **{"max_completion_tokens": 24, "seed": 3, **options})

    def complete(self, prompt="Once upon", **options):
        return self.client.completions.create(model="tiny", prompt=prompt, **{"max_tokens": 24, "seed": 3, **options})

    def test_models(self):
        models = self.client.models.list().data
        self.assertEqual([model.id for model in models], ["tiny"])
        self.assertEqual(self.client.models.retrieve("tiny").owned_by, "drover")
        with self.assertRaises(openai.NotFoundError):
            self.client.models.retrieve("other")

    def test_the_same_seed_gives_the_same_text(self):
        answers = [self.chat(seed=seed).choices[0].message.content for seed in (1, 1, 2)]
        self.assertEqual(answers[0], answers[1])
        self.assertNotEqual(answers[0], answers[2])
        together = self.chat(n=3, seed=1)
        self.assertEqual(together.choices[0].message.content, answers[0])
        self.assertEqual(len({choice.message.content for choice in together.choices}), 3)
        self.assertEqual([choice.index for choice in together.choices], [0, 1, 2])

    def test_a_stream_says_what_a_whole_answer_says(self):
        for temperature in (0, 1):
            whole = self.chat(n=2, temperature=temperature, logprobs=True, top_logprobs=2)
            texts, roles, reasons, scores, usage = ["", ""], [0, 0], [None, None], [[], []], None
            stream = self.chat(n=2, temperature=temperature, logprobs=True, top_logprobs=2, stream=True, stream_options={"include_usage": True})
            for chunk in stream:
                self.assertIsNone(usage, "the usage comes last")
                usage = chunk.usage
                for choice in chunk.choices:
                    texts[choice.index] += choice.delta.content or ""
                    roles[choice.index] += choice.delta.role == "assistant"
                    reasons[choice.index] = reasons[choice.index] or choice.finish_reason
                    scores[choice.index] += choice.logprobs.content if choice.logprobs else []
            self.assertEqual(roles, [1, 1])
            for choice in whole.choices:
                self.assertEqual(texts[choice.index], choice.message.content)
                self.assertEqual(reasons[choice.index], choice.finish_reason)
                self.assertEqual(scores[choice.index], choice.logprobs.content)
            self.assertEqual(usage, whole.usage)

    def test_log_probabilities(self):
        choice = self.complete(logprobs=5).choices[0]
        self.assertEqual(len(choice.logprobs.tokens), 24)
        for token, logprob, top in zip(choice.logprobs.tokens, choice.logprobs.token_logprobs, choice.logprobs.top_logprobs):
            self.assertEqual(top[token], logprob)
            self.assertIn(len(top), (5, 6))
            self.assertLess(sum(map(math.exp, top.values())), 1 + 1e-5)
        greedy = self.chat(temperature=0, logprobs=True, top_logprobs=1).choices[0]
        for token in greedy.logprobs.content:
            self.assertEqual((token.token, token.logprob), (token.top_logprobs[0].token, token.top_logprobs[0].logprob))
        said = b"".join(bytes(token.bytes) for token in greedy.logprobs.content if token.token != "<eos>")
        self.assertEqual(said.decode(errors="replace"), greedy.message.content)

    def test_log_probabilities_are_those_of_drover_score(self):
        choice = self.complete(prompt=[5, 6, 7], logprobs=0, temperature=1).choices[0]
        names = {spelled: i for i, spelled in enumerate(["<pad>", "<eos>", "<turn>"])}
        ids = [names[token] if token in names else 3 + (int(token[8:], 16) if token.startswith("bytes:") else ord(token))
               for token in choice.logprobs.tokens]
        source, out = FOLDER / "score.jsonl", FOLDER / "scores.jsonl"
        source.write_text(json.dumps({"id": 0, "token_ids": [5, 6, 7, *ids]}) + "\n")
        subprocess.run([ROOT / "build" / "bin" / "drover", "score", "--model", self.model, "--in", source, "--out", out, "--device", "cpu"],
                       check=True, timeout=60)
        self.assertEqual(json.loads(out.read_text())["logprobs"][2:], choice.logprobs.token_logprobs)

    def test_stop_texts(self):
        whole = self.complete(max_tokens=60, temperature=1).choices[0].text
        stop = whole[20:22]
        for stream in (False, True):
            answer = self.complete(max_tokens=60, stop=[stop, "never there"], stream=stream)
            text = "".join(chunk.choices[0].text for chunk in answer) if stream else answer.choices[0].text
            self.assertEqual(text, whole[:whole.index(stop)])
        answer = self.complete(max_tokens=60, stop=stop).choices[0]
        self.assertEqual((answer.finish_reason, answer.model_extra["stop_reason"]), ("stop", stop))

    def test_several_prompts_and_echo(self):
        answer = self.complete(prompt=["a", "b", [10, 11]], n=2, echo=True)
        self.assertEqual([choice.index for choice in answer.choices], list(range(6)))
        self.assertTrue(answer.choices[0].text.startswith("a") and answer.choices[3].text.startswith("b"))
        self.assertEqual(answer.usage.prompt_tokens, 4)
        self.assertEqual(answer.usage.total_tokens, answer.usage.prompt_tokens + answer.usage.completion_tokens)

    def test_errors(self):
        with self.assertRaises(openai.BadRequestError) as raised:
            self.chat(temperature=-1)
        self.assertEqual(raised.exception.param, "temperature")
        self.assertIn("a number from 0", raised.exception.message)
        with self.assertRaises(openai.BadRequestError) as raised:
            self.chat(tools=[{"type": "function", "function": {"name": "f", "parameters": {}}}])
        self.assertEqual(raised.exception.code, "unsupported_parameter")
        with self.assertRaises(openai.BadRequestError) as raised:
            self.complete(max_tokens=CONTEXT)
        self.assertEqual(raised.exception.code, "context_length_exceeded")
        with self.assertRaises(openai.BadRequestError) as raised:
            self.complete(prompt=[VOCABULARY])
        self.assertEqual(raised.exception.param, "prompt[0]")
        with self.assertRaises(openai.NotFoundError):
            self.client.completions.create(model="gpt-4o", prompt="a")

    def test_a_stream_that_is_left_is_cancelled(self):
        cancelled = 'drover_serve_requests_total{outcome="client_gone"}'
        before = self.server.metric(cancelled)
        stream = self.complete(max_tokens=450, stream=True, logprobs=5, n=64, temperature=0.1)
        next(iter(stream))
        stream.close()
        deadline = time.monotonic() + 20
        while self.server.metric(cancelled) == before and time.monotonic() < deadline:
            time.sleep(0.05)
        self.assertEqual(self.server.metric(cancelled), before + 1)
        self.assertEqual(self.server.metric("drover_serve_cache_used_pages"), 0)

    def test_many_at_once_are_each_what_they_are_alone(self):
        prompts = [f"prompt {i}" for i in range(32)]
        alone = [self.complete(prompt, seed=i).choices[0].text for i, prompt in enumerate(prompts)]
        with concurrent.futures.ThreadPoolExecutor(32) as pool:
            together = list(pool.map(lambda i: self.complete(prompts[i], seed=i).choices[0].text, range(32)))
        self.assertEqual(together, alone)

    def test_drover_eval_asks_it(self):
        shutil.rmtree(FOLDER / "eval", ignore_errors=True)  # of an earlier run, at another port
        suite = FOLDER / "suite"
        suite.mkdir(exist_ok=True)
        (suite / "sums.jsonl").write_text("".join(json.dumps({"id": str(i), "problem": f"{i}+1", "answer": str(i + 1)}) + "\n" for i in range(4)))
        done = subprocess.run(
            [ROOT / "build" / "bin" / "drover", "eval", "--model", "tiny", "--endpoint", self.server.url + "/v1", "--suite", suite,
             "--benchmarks", "sums", "--template", "qwen_math", "--max-response-tokens", "20", "--n", "3", "--temperature", "1",
             "--out", FOLDER / "eval"], text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=120)
        self.assertEqual(done.returncode, 0, done.stdout)

    def test_pages(self):
        self.assertEqual(self.server.get("/livez").strip(), "ok")
        self.assertEqual(self.server.get("/readyz").strip(), "ok")
        self.assertGreater(self.server.metric("drover_serve_cache_pages"), 0)


class ServeCommandTest(unittest.TestCase):
    def test_a_drain_lets_requests_end(self):
        server = Server(make_model(FOLDER / "drained"), "--drain-seconds", "30")
        client = openai.OpenAI(base_url=server.url + "/v1", api_key="any", max_retries=0, timeout=60)
        stream = iter(client.completions.create(model="drained", prompt="a", max_tokens=500, stream=True, temperature=0.1, seed=1))
        next(stream)
        status, _ = server.stop()
        self.assertEqual(status, 0)
        self.assertIn([chunk.choices[0].finish_reason for chunk in stream][-1], ("stop", "length"))

    def test_keys(self):
        keys = FOLDER / "keys"
        keys.write_text("# tests\nsk-right\n")
        server = Server(make_model(FOLDER / "locked"), "--api-key-file", keys, "--name", "org/locked")
        try:
            right, wrong = (openai.OpenAI(base_url=server.url + "/v1", api_key=key, max_retries=0) for key in ("sk-right", "sk-wrong"))
            self.assertEqual(right.models.retrieve("org/locked").id, "org/locked")
            with self.assertRaises(openai.AuthenticationError):
                wrong.models.list()
        finally:
            self.assertEqual(server.stop()[0], 0)

    def test_wrong_flags_and_models(self):
        model = make_model(FOLDER / "wrong")
        for flags, says in ((["--model", FOLDER / "nowhere"], "nowhere"), (["--model", model, "--port", "99999"], "--port"),
                            (["--model", model, "--api-key-file", "/nowhere/keys"], "--api-key-file"),
                            (["--model", model, "--host", "example.com"], "example.com")):
            done = subprocess.run([ROOT / "build" / "bin" / "drover", "serve", "--port", "0", *flags], text=True, stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT, timeout=60)
            self.assertEqual(done.returncode, 2, done.stdout)
            self.assertIn(says, done.stdout)


if __name__ == "__main__":
    unittest.main()
