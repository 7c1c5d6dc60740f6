"""Decoding by Hugging Face's transformers with random weights: a JSON line {"rows","tokens_per_second","seconds"} a batch size.

Status 77, with the reason, where Python has no transformers.
"""
import argparse
import json
import sys
import time

SHAPES = {  # as programs/model/bench/shapes.cc has them
    "embedded": ("LlamaConfig", dict(vocab_size=22, hidden_size=96, intermediate_size=256, num_hidden_layers=3, num_attention_heads=4,
                                     num_key_value_heads=4, max_position_embeddings=256, tie_word_embeddings=True)),
    "smollm2-135m": ("LlamaConfig", dict(vocab_size=49152, hidden_size=576, intermediate_size=1536, num_hidden_layers=30,
                                         num_attention_heads=9, num_key_value_heads=3, max_position_embeddings=8192,
                                         tie_word_embeddings=True)),
    "qwen2.5-1.5b": ("Qwen2Config", dict(vocab_size=151936, hidden_size=1536, intermediate_size=8960, num_hidden_layers=28,
                                         num_attention_heads=12, num_key_value_heads=2, max_position_embeddings=32768,
                                         tie_word_embeddings=True)),
    "qwen2.5-7b": ("Qwen2Config", dict(vocab_size=152064, hidden_size=3584, intermediate_size=18944, num_hidden_layers=28,
                                       num_attention_heads=28, num_key_value_heads=4, max_position_embeddings=32768,
                                       tie_word_embeddings=False)),
}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shape", choices=SHAPES, required=True)
    parser.add_argument("--device", required=True)
    parser.add_argument("--batches", required=True)
    parser.add_argument("--tokens", type=int, required=True)
    parser.add_argument("--prompt-tokens", type=int, required=True)
    options = parser.parse_args()
    try:
        import torch
        import transformers
    except ImportError as error:
        print(f"no peer: {error}")
        return 77
    kind, fields = SHAPES[options.shape]
    torch.manual_seed(1)
    with torch.device(options.device):
        torch.set_default_dtype(torch.bfloat16)
        model = transformers.AutoModelForCausalLM.from_config(getattr(transformers, kind)(**fields)).eval()
    model.generation_config.eos_token_id = None
    model.generation_config.pad_token_id = 0
    wait = torch.cuda.synchronize if options.device.startswith("cuda") else (lambda: None)
    for batch in map(int, options.batches.split(",")):
        ids = torch.randint(0, fields["vocab_size"], (batch, options.prompt_tokens), device=options.device)

        def generate(tokens):
            wait()
            begun = time.monotonic()
            with torch.inference_mode():
                model.generate(ids, attention_mask=torch.ones_like(ids), do_sample=True, temperature=1.0, top_k=0, top_p=1.0,
                               max_new_tokens=tokens, min_new_tokens=tokens)
            wait()
            return time.monotonic() - begun

        generate(min(4, options.tokens))
        seconds = generate(options.tokens)
        print(json.dumps({"rows": batch, "tokens_per_second": batch * options.tokens / seconds, "seconds": seconds}), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
