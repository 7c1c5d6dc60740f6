// Hugging Face's BPE tokenizers (tokenizer.json): byte-level ones, and SentencePiece's with bytes to fall back to. What of
// the format is understood, and what is refused: docs/reference/tokenizer.md.
//
//     text ──▶ added tokens ──▶ normalizer ──▶ added tokens ──▶ pre_tokenizer ──▶ model ──▶ post_processor ──▶ ids
//              (as it is)                      (normalised)      words            BPE
//     ids ──▶ decoder ──▶ text
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "model/decoder.h"

namespace drover::model {

struct EncodeOptions {
  // Also the special tokens that the post-processor puts around a text, as Hugging Face's add_special_tokens=True, but
  // never twice where the text begins or ends with them.
  bool add_special_tokens = false;
};

struct DecodeOptions {
  bool skip_special_tokens = false;
};

// Thread-safe after Load.
class Tokenizer {
 public:
  // Reads dir/tokenizer.json (of adapters without one, their base's: TokenizerFolder). NOT_FOUND when there is none;
  // INVALID_ARGUMENT or UNIMPLEMENTED naming the field otherwise.
  static absl::StatusOr<std::unique_ptr<Tokenizer>> Load(const std::string& dir);
  // The same from the text of a tokenizer.json.
  static absl::StatusOr<std::unique_ptr<Tokenizer>> Parse(std::string_view json);
  ~Tokenizer();

  // The ids of Hugging Face's encode(text, add_special_tokens=False): added and special tokens in the text
  // are recognised, none is added unless `options` say so. INVALID_ARGUMENT for text that is not UTF-8 (names the byte) or a
  // character that the vocabulary cannot spell (names it and the alphabet); RESOURCE_EXHAUSTED above 64 MiB.
  absl::StatusOr<std::vector<uint32_t>> Encode(std::string_view text,
                                               const EncodeOptions& options = {}) const;

  // The text of Hugging Face's decode, valid UTF-8: bytes of characters that are not whole become U+FFFD. Ids without a
  // token give nothing.
  std::string Decode(absl::Span<const uint32_t> ids, const DecodeOptions& options = {}) const;

  // The bytes that `id` stands for in the middle of a text, perhaps a part of a character; empty when there is no such
  // token. Lives as long as the tokenizer.
  std::string_view TokenBytes(uint32_t id) const;
  // The id of the token written `content` in the vocabulary or among the added tokens ("<|im_end|>").
  std::optional<uint32_t> TokenId(std::string_view content) const;
  bool IsSpecial(uint32_t id) const;

  // Largest id + 1; some ids below it may have no token. At most the rows of the model's embedding.
  size_t size() const;

 private:
  friend class Detokenizer;
  struct Impl;
  explicit Tokenizer(std::unique_ptr<const Impl> impl);
  std::unique_ptr<const Impl> impl_;
};

// The text of tokens that come one by one, without half characters: what the calls give is, joined, what Decode gives for
// all of them. The tokenizer must outlive it.
class Detokenizer {
 public:
  explicit Detokenizer(const Tokenizer& tokenizer, const DecodeOptions& options = {});

  // Appends the text that is complete with `id`, valid UTF-8, to `text`.
  void Add(uint32_t id, std::string& text);
  // Appends what is left at the end: U+FFFD for a character that is not whole. Nothing may be added behind it.
  void Finish(std::string& text);

 private:
  const Tokenizer& tokenizer_;
  DecodeOptions options_;
  DecodeStream stream_;
};

// OK if `alphabet` can be that of CharacterTokenizerJson: ASCII, at least one character, none twice.
absl::Status ValidateAlphabet(std::string_view alphabet);

// A tokenizer.json with "<pad>" (id 0) and "<eos>" (id 1) as special tokens and then one token a character of
// `alphabet` in its order: byte-level BPE without merges, which Hugging Face's tokenizers loads too. Encoding
// any other character is an error. `alphabet` must pass ValidateAlphabet.
std::string CharacterTokenizerJson(std::string_view alphabet);

}  // namespace drover::model
