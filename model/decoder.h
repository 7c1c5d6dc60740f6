// The decoder of a tokenizer.json: how tokens become text again.
//
//     tokens ──▶ one by one: Replace, Strip, Metaspace ──▶ ByteFallback ──▶ one by one again ──▶ Fuse ──▶ Strip ──▶ text
//
// is what a chain of decoders may be, each part of it once or not at all; ByteLevel stands alone. The first parts look
// at one token, so that what a token says is worked out once, when the file is read (DecodedToken).
#pragma once

#include <cstdint>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "model/json.h"

namespace drover::model {

// What a token says in the middle of a text.
struct DecodedToken {
  std::string text;
  bool is_byte = false;  // `text` is one byte of a character that is spelled byte by byte
};

// A step that looks at one token. Immutable, thread-safe.
class TokenStep {
 public:
  virtual ~TokenStep() = default;
  // `first`: the token is the first of its text.
  virtual std::string Apply(std::string_view token, bool first) const = 0;
};

// Immutable, thread-safe once parsed.
class Decoder {
 public:
  // `value` is the field decoder. Errors name the field.
  static absl::StatusOr<Decoder> Parse(const nlohmann::json& value);

  // Whether it is ByteLevel: tokens are spelled in the byte alphabet, and stand for bytes.
  bool byte_level() const { return byte_level_; }
  // Whether the first token of a text says something else than what Token tells of it.
  bool first_differs() const { return first_differs_; }
  // What the token written `content` says.
  DecodedToken Token(std::string_view content) const;

 private:
  friend class DecodeStream;
  using Steps = std::vector<std::shared_ptr<const TokenStep>>;
  static std::string Through(const Steps& steps, std::string_view token, bool first);
  absl::Status Add(const nlohmann::json& value, const std::string& path);
  absl::Status AddOne(const JsonFields& fields, const std::string& type);
  absl::Status AddBehindFuse(const JsonFields& fields, const std::string& type);

  bool byte_level_ = false;
  bool byte_fallback_ = false;
  bool fused_ = false;
  bool first_differs_ = false;
  Steps before_;  // ByteFallback
  Steps behind_;
  std::string strip_;      // the character that Strip takes away at the beginning of the fused text
  size_t strip_most_ = 0;  // and how many of them
};

// One text, token by token (Detokenizer in tokenizer.h is what others use): gives each character when its last byte has come. What it gives is, joined, what Hugging
// Face's decode gives for all tokens at once. With ByteFallback bytes are held back until a token that is none: whether they
// are characters is decided for all that stand together.
class DecodeStream {
 public:
  explicit DecodeStream(const Decoder& decoder) : decoder_(&decoder), strip_left_(decoder.strip_most_) {}

  // Appends what is complete with the next token: what it says and, where the decoder's first_differs, as it is written.
  void Add(const DecodedToken& token, std::string_view content, std::string& text);
  // Appends what is left at the end of the tokens.
  void Finish(std::string& text);

 private:
  void AddBytes(std::string_view bytes, std::string& text);
  void FlushBytes(std::string& text);
  void Emit(std::string_view token, std::string& text);

  const Decoder* decoder_;
  std::string held_;  // bytes of a character that is not whole; with ByteFallback, of all that stand together
  bool first_token_ = true;  // none has come
  bool first_piece_ = true;  // of what ByteFallback makes of them, none has come
  size_t strip_left_;        // characters that Strip may still take
};

}  // namespace drover::model
