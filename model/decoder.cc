#include "model/decoder.h"

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "model/byte_alphabet.h"
#include "model/json.h"
#include "model/metaspace.h"
#include "model/utf8.h"

namespace drover::model {
namespace {

using nlohmann::json;

// Together they bound how much longer what a token says can be than the token.
constexpr size_t kMaxGrowth = 4;  // of a Replace
constexpr size_t kMaxSteps = 4;   // that look at one token

class ReplaceDecoder : public TokenStep {
 public:
  ReplaceDecoder(std::string text, std::string content)
      : text_(std::move(text)), content_(std::move(content)) {}
  std::string Apply(std::string_view token, bool) const override {
    std::string out;
    size_t done = 0;
    for (size_t at = token.find(text_); at != token.npos; at = token.find(text_, done)) {
      out += token.substr(done, at - done);
      out += content_;
      done = at + text_.size();
    }
    out += token.substr(done);
    return out;
  }

 private:
  std::string text_, content_;
};

// Up to `start` characters `content` at the beginning, and up to `stop` at the end.
class StripDecoder : public TokenStep {
 public:
  StripDecoder(std::string content, size_t start, size_t stop)
      : content_(std::move(content)), start_(start), stop_(stop) {}
  std::string Apply(std::string_view token, bool) const override {
    for (size_t i = 0; i < start_ && token.substr(0, content_.size()) == content_; ++i) {
      token.remove_prefix(content_.size());
    }
    for (size_t i = 0; i < stop_ && token.size() >= content_.size() &&
                       token.substr(token.size() - content_.size()) == content_;
         ++i) {
      token.remove_suffix(content_.size());
    }
    return std::string(token);
  }

 private:
  std::string content_;
  size_t start_, stop_;
};

// The mark for a space becomes one; in the first token, with `drops_first`, nothing.
class MetaspaceDecoder : public TokenStep {
 public:
  MetaspaceDecoder(std::string mark, bool drops_first)
      : space_(mark, " "), nothing_(mark, ""), drops_first_(drops_first) {}
  std::string Apply(std::string_view token, bool first) const override {
    return (first && drops_first_ ? nothing_ : space_).Apply(token, first);
  }

 private:
  ReplaceDecoder space_, nothing_;
  bool drops_first_;
};

// The byte that a token such as <0x0A> spells.
std::optional<uint8_t> SpelledByte(std::string_view token) {
  if (token.size() != 6 || token.substr(0, 3) != "<0x" || token[5] != '>') return std::nullopt;
  int value = 0;
  for (const char c : token.substr(3, 2)) {
    if (!absl::ascii_isxdigit(static_cast<unsigned char>(c))) return std::nullopt;
    value = value * 16 + (c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
  }
  return static_cast<uint8_t>(value);
}

using TokenStepPtr = std::shared_ptr<const TokenStep>;

absl::StatusOr<TokenStepPtr> ParseReplace(const JsonFields& fields) {
  ASSIGN_OR_RETURN(const JsonFields pattern, fields.Object("pattern"));
  if (pattern.Find("String") == nullptr) return fields.Unsupported("pattern", "{\"String\": TEXT}");
  ASSIGN_OR_RETURN(std::string text, pattern.String("String"));
  if (text.empty()) return pattern.Wrong("String", "not empty");
  ASSIGN_OR_RETURN(std::string content, fields.String("content"));
  if (content.size() > kMaxGrowth * text.size()) {
    return fields.Unsupported("content",
                              absl::StrCat("at most ", kMaxGrowth, " times as long as what it replaces"));
  }
  return std::make_shared<ReplaceDecoder>(std::move(text), std::move(content));
}

struct StripFields {
  std::string content;
  size_t start, stop;
};

absl::StatusOr<StripFields> ParseStrip(const JsonFields& fields) {
  StripFields strip;
  ASSIGN_OR_RETURN(strip.content, ParseCharacter(fields, "content"));
  ASSIGN_OR_RETURN(const int64_t start, fields.Int("start", 0, 1024));
  ASSIGN_OR_RETURN(const int64_t stop, fields.Int("stop", 0, 1024));
  strip.start = static_cast<size_t>(start);
  strip.stop = static_cast<size_t>(stop);
  return strip;
}

}  // namespace

absl::StatusOr<Decoder> Decoder::Parse(const json& value) {
  Decoder decoder;
  RETURN_IF_ERROR(decoder.Add(value, "decoder."));
  return decoder;
}

absl::Status Decoder::Add(const json& value, const std::string& path) {
  ASSIGN_OR_RETURN(const JsonFields fields, JsonFields::Of(value, path));
  ASSIGN_OR_RETURN(const std::string type, fields.String("type"));
  if (type != "Sequence") return fused_ ? AddBehindFuse(fields, type) : AddOne(fields, type);
  const json* list = fields.Find("decoders");
  if (list == nullptr || !list->is_array() || list->empty() || list->size() > 32) {
    return fields.Wrong("decoders", "an array of 1 to 32 decoders");
  }
  for (size_t i = 0; i < list->size(); ++i) {
    RETURN_IF_ERROR(Add((*list)[i], absl::StrCat(fields.Path("decoders["), i, "].")));
  }
  return absl::OkStatus();
}

absl::Status Decoder::AddOne(const JsonFields& fields, const std::string& type) {
  Steps& steps = byte_fallback_ ? behind_ : before_;
  if (byte_level_) return fields.Unsupported("type", "none: nothing comes behind ByteLevel");
  if (before_.size() + behind_.size() == kMaxSteps) {
    return fields.Unsupported("type",
                              absl::StrCat("Fuse: at most ", kMaxSteps, " decoders may look at a token"));
  }
  if (type == "ByteLevel" && !byte_fallback_ && before_.empty()) {
    byte_level_ = true;
  } else if (type == "Fuse") {
    fused_ = true;
  } else if (type == "ByteFallback" && !byte_fallback_) {
    byte_fallback_ = true;
  } else if (type == "Strip") {
    ASSIGN_OR_RETURN(StripFields strip, ParseStrip(fields));
    steps.push_back(std::make_shared<StripDecoder>(std::move(strip.content), strip.start, strip.stop));
  } else if (type == "Replace") {
    ASSIGN_OR_RETURN(TokenStepPtr step, ParseReplace(fields));
    steps.push_back(std::move(step));
  } else if (type == "Metaspace") {
    ASSIGN_OR_RETURN(const MetaspaceFields metaspace, MetaspaceFields::Parse(fields));
    const bool drops_first = metaspace.prepends != MetaspaceFields::Prepends::kNever;
    first_differs_ |= drops_first;
    steps.push_back(std::make_shared<MetaspaceDecoder>(metaspace.mark, drops_first));
  } else {
    return fields.Unsupported(
        "type",
        "\"ByteLevel\" (alone), \"Replace\", \"Strip\", \"Metaspace\", \"ByteFallback\" (once), "
        "\"Fuse\" or \"Sequence\"");
  }
  return absl::OkStatus();
}

absl::Status Decoder::AddBehindFuse(const JsonFields& fields, const std::string& type) {
  if (type == "Fuse") return absl::OkStatus();
  if (type != "Strip" || strip_most_ != 0) return fields.Unsupported("type", "one \"Strip\" behind Fuse");
  ASSIGN_OR_RETURN(StripFields strip, ParseStrip(fields));
  if (strip.stop != 0) return fields.Unsupported("stop", "0 behind Fuse");
  strip_ = std::move(strip.content);
  strip_most_ = strip.start;
  return absl::OkStatus();
}

std::string Decoder::Through(const Steps& steps, std::string_view token, bool first) {
  std::string text(token);
  for (const TokenStepPtr& step : steps) text = step->Apply(text, first);
  return text;
}

// Text outside the byte alphabet (only added tokens have any) stands for itself, as in tokenizers' ByteLevel decoder.
DecodedToken Decoder::Token(std::string_view content) const {
  if (byte_level_) return {UnspellBytes(content).value_or(std::string(content)), false};
  const std::string before = Through(before_, content, /*first=*/false);
  if (byte_fallback_) {
    if (const auto byte = SpelledByte(before)) return {std::string(1, static_cast<char>(*byte)), true};
  }
  return {Through(behind_, before, /*first=*/false), false};
}

void DecodeStream::Add(const DecodedToken& token, std::string_view content, std::string& text) {
  if (decoder_->byte_level_) return AddBytes(token.text, text);
  const bool begins = first_token_;
  first_token_ = false;
  if (token.is_byte) {
    held_ += token.text;
    return;
  }
  if (!held_.empty()) FlushBytes(text);
  if (decoder_->first_differs_ && (begins || first_piece_)) {
    const std::string before = Decoder::Through(decoder_->before_, content, begins);
    return Emit(Decoder::Through(decoder_->behind_, before, first_piece_), text);
  }
  Emit(token.text, text);
}

void DecodeStream::Finish(std::string& text) {
  if (decoder_->byte_level_) {
    AppendLossy(held_, text);
  } else if (!held_.empty()) {
    FlushBytes(text);
  }
  held_.clear();
}

void DecodeStream::AddBytes(std::string_view bytes, std::string& text) {
  if (!held_.empty()) {
    held_ += bytes;
    const size_t whole = held_.size() - UnfinishedUtf8(held_);
    AppendLossy(std::string_view(held_).substr(0, whole), text);
    held_.erase(0, whole);
    return;
  }
  const size_t whole = bytes.size() - UnfinishedUtf8(bytes);
  AppendLossy(bytes.substr(0, whole), text);
  held_ = bytes.substr(whole);
}

// Bytes that are no UTF-8 together are one U+FFFD each.
void DecodeStream::FlushBytes(std::string& text) {
  const std::string bytes = std::move(held_);
  held_.clear();
  if (!FirstInvalidUtf8(bytes)) {
    Emit(Decoder::Through(decoder_->behind_, bytes, first_piece_), text);
    return;
  }
  for (size_t i = 0; i < bytes.size(); ++i)
    Emit(Decoder::Through(decoder_->behind_, "\uFFFD", first_piece_), text);
}

void DecodeStream::Emit(std::string_view token, std::string& text) {
  first_piece_ = false;
  for (; strip_left_ > 0 && !token.empty(); --strip_left_) {
    if (token.substr(0, decoder_->strip_.size()) != decoder_->strip_) {
      strip_left_ = 0;
      break;
    }
    token.remove_prefix(decoder_->strip_.size());
  }
  text += token;
}

}  // namespace drover::model
