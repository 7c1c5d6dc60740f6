#include "model/normalizer.h"

#include <unicode/bytestream.h>
#include <unicode/normalizer2.h>
#include <unicode/uchar.h>
#include <unicode/uniset.h>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "model/json.h"
#include "model/pattern.h"
#include "model/utf8.h"
#include "model/white_space.h"

namespace drover::model {
namespace {

using nlohmann::json;

// Of what a Replace makes; a normal form makes at most 11 times the text.
constexpr size_t kMaxNormal = size_t{512} << 20;
constexpr size_t kMaxContent = 256;  // bytes that a Prepend or Replace puts in

absl::Status TooLong(size_t bytes) {
  return absl::ResourceExhaustedError(
      absl::StrCat("the normalised text may have ", bytes, " bytes, the limit is ", kMaxNormal));
}

// The characters that tokenizers' normal forms know, those of Unicode 9; to the others they do nothing.
const icu::UnicodeSet& KnownCharacters() {
  static const auto* const kKnown = [] {
    UErrorCode error = U_ZERO_ERROR;
    auto* set = new icu::UnicodeSet(u"[:Age=9.0:]", error);
    return static_cast<icu::UnicodeSet*>(
        set->freeze());  // empty where ICU lacks its data, which FormNormalizer reports
  }();
  return *kKnown;
}

// One of Unicode's normal forms.
class FormNormalizer : public NormalizerStep {
 public:
  static absl::StatusOr<std::shared_ptr<const NormalizerStep>> Make(std::string_view name) {
    UErrorCode error = U_ZERO_ERROR;
    const icu::Normalizer2* form = nullptr;
    if (name == "NFC") form = icu::Normalizer2::getNFCInstance(error);
    if (name == "NFD") form = icu::Normalizer2::getNFDInstance(error);
    if (name == "NFKC") form = icu::Normalizer2::getNFKCInstance(error);
    if (name == "NFKD") form = icu::Normalizer2::getNFKDInstance(error);
    if (U_FAILURE(error)) return absl::InternalError(absl::StrCat("ICU's data: ", u_errorName(error)));
    return std::make_shared<const FormNormalizer>(*form);
  }
  explicit FormNormalizer(const icu::Normalizer2& form) : form_(form, KnownCharacters()) {}

  absl::Status Apply(int buffer, NormalText& normal) const override {
    if (IsAscii(normal.text)) return absl::OkStatus();
    UErrorCode error = U_ZERO_ERROR;
    const icu::StringPiece piece(normal.text.data(), static_cast<int32_t>(normal.text.size()));
    std::string& out = normal.buffers[buffer];
    out.clear();
    icu::StringByteSink<std::string> sink(&out);
    form_.normalizeUTF8(0, piece, sink, nullptr, error);
    if (U_FAILURE(error)) {
      return absl::InternalError(absl::StrCat("normalising the text: ", u_errorName(error)));
    }
    normal.text = out;
    return absl::OkStatus();
  }

 private:
  icu::FilteredNormalizer2 form_;
};

// Character by character, without regard to what stands beside it, as Rust's char::to_lowercase.
class LowercaseNormalizer : public NormalizerStep {
 public:
  absl::Status Apply(int buffer, NormalText& normal) const override {
    std::string& out = normal.buffers[buffer];
    out.clear();
    for (size_t at = 0; at < normal.text.size();) {
      const char32_t c = NextCodePoint(normal.text, at);
      if (c == 0x130) {  // the only one that becomes two
        out += "i\u0307";
      } else {
        AppendUtf8(static_cast<char32_t>(u_tolower(static_cast<UChar32>(c))), out);
      }
    }
    normal.text = out;
    return absl::OkStatus();
  }
};

class StripAccentsNormalizer : public NormalizerStep {
 public:
  absl::Status Apply(int buffer, NormalText& normal) const override {
    std::string& out = normal.buffers[buffer];
    out.clear();
    for (size_t at = 0; at < normal.text.size();) {
      const size_t begin = at;
      const auto c = static_cast<UChar32>(NextCodePoint(normal.text, at));
      if ((U_GET_GC_MASK(c) & U_GC_M_MASK) == 0 || !KnownCharacters().contains(c)) {
        out += normal.text.substr(begin, at - begin);
      } else if (begin == 0) {
        normal.keeps_start = false;
      }
    }
    normal.text = out;
    return absl::OkStatus();
  }
};

class StripNormalizer : public NormalizerStep {
 public:
  StripNormalizer(bool left, bool right) : left_(left), right_(right) {}
  absl::Status Apply(int, NormalText& normal) const override {
    std::string_view& text = normal.text;
    if (right_) text = text.substr(0, BeforeSpace(text, 0, text.size()));
    if (left_) {
      const size_t begin = BehindSpace(text, 0);
      normal.keeps_start &= begin == 0;
      text.remove_prefix(begin);
    }
    return absl::OkStatus();
  }

 private:
  bool left_, right_;
};

class PrependNormalizer : public NormalizerStep {
 public:
  explicit PrependNormalizer(std::string text) : text_(std::move(text)) {}
  absl::Status Apply(int buffer, NormalText& normal) const override {
    if (normal.text.empty()) return absl::OkStatus();
    std::string& out = normal.buffers[buffer];
    out.reserve(text_.size() + normal.text.size());
    out = text_;
    out += normal.text;
    normal.text = out;
    return absl::OkStatus();
  }

 private:
  std::string text_;
};

// What was put in for a match belongs to the match's last character.
class ReplaceNormalizer : public NormalizerStep {
 public:
  ReplaceNormalizer(Pattern pattern, std::string content)
      : pattern_(std::move(pattern)), content_(std::move(content)) {}
  absl::Status Apply(int buffer, NormalText& normal) const override {
    std::vector<std::string_view> matches;
    RETURN_IF_ERROR(Pattern::Matcher(pattern_).FindAll(normal.text, matches));
    if (matches.empty()) return absl::OkStatus();
    const char* begin = normal.text.data();
    if (matches[0].data() == begin) {
      size_t first = 0;
      NextCodePoint(normal.text, first);
      normal.keeps_start &= !content_.empty() && matches[0].size() == first;
    }
    const size_t most = normal.text.size() + matches.size() * content_.size();
    if (most > kMaxNormal) return TooLong(most);
    std::string& out = normal.buffers[buffer];
    out.clear();
    out.reserve(most);
    for (const std::string_view match : matches) {
      out.append(begin, match.data());
      out += content_;
      begin = match.data() + match.size();
    }
    out.append(begin, normal.text.data() + normal.text.size());
    normal.text = out;
    return absl::OkStatus();
  }

 private:
  Pattern pattern_;
  std::string content_;
};

using NormalizerPtr = std::shared_ptr<const NormalizerStep>;

absl::StatusOr<std::string> ParseContent(const JsonFields& fields, std::string_view name) {
  ASSIGN_OR_RETURN(std::string text, fields.String(name));
  if (text.size() > kMaxContent) {
    return fields.Unsupported(name, absl::StrCat("at most ", kMaxContent, " bytes"));
  }
  return text;
}

absl::StatusOr<NormalizerPtr> ParseNormalizer(const JsonFields& fields, const std::string& type) {
  if (type == "NFC" || type == "NFD" || type == "NFKC" || type == "NFKD") return FormNormalizer::Make(type);
  if (type == "Lowercase") return std::make_shared<LowercaseNormalizer>();
  if (type == "StripAccents") return std::make_shared<StripAccentsNormalizer>();
  if (type == "Strip") {
    ASSIGN_OR_RETURN(const bool left, fields.Bool("strip_left", false));
    ASSIGN_OR_RETURN(const bool right, fields.Bool("strip_right", false));
    return std::make_shared<StripNormalizer>(left, right);
  }
  if (type == "Prepend") {
    ASSIGN_OR_RETURN(std::string text, ParseContent(fields, "prepend"));
    return std::make_shared<PrependNormalizer>(std::move(text));
  }
  if (type == "Replace") {
    ASSIGN_OR_RETURN(Pattern pattern, Pattern::Parse(fields));
    ASSIGN_OR_RETURN(std::string content, ParseContent(fields, "content"));
    return std::make_shared<ReplaceNormalizer>(std::move(pattern), std::move(content));
  }
  return fields.Unsupported(
      "type",
      "\"NFC\", \"NFD\", \"NFKC\", \"NFKD\", \"Lowercase\", \"Strip\", \"StripAccents\", "
      "\"Prepend\", \"Replace\" or \"Sequence\"");
}

absl::Status AddNormalizers(const json& value, const std::string& path, std::vector<NormalizerPtr>& steps) {
  ASSIGN_OR_RETURN(const JsonFields fields, JsonFields::Of(value, path));
  ASSIGN_OR_RETURN(const std::string type, fields.String("type"));
  if (type != "Sequence") {
    ASSIGN_OR_RETURN(NormalizerPtr step, ParseNormalizer(fields, type));
    steps.push_back(std::move(step));
    return absl::OkStatus();
  }
  const json* list = fields.Find("normalizers");
  if (list == nullptr || !list->is_array() || list->size() > 32) {
    return fields.Wrong("normalizers", "an array of at most 32 normalizers");
  }
  for (size_t i = 0; i < list->size(); ++i) {
    RETURN_IF_ERROR(AddNormalizers((*list)[i], absl::StrCat(fields.Path("normalizers["), i, "]."), steps));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Normalizer> Normalizer::Parse(const json& value) {
  Normalizer normalizer;
  RETURN_IF_ERROR(AddNormalizers(value, "normalizer.", normalizer.steps_));
  return normalizer;
}

absl::Status Normalizer::Apply(std::string_view text, NormalText& normal) const {
  normal.text = text;
  normal.keeps_start = true;
  int buffer = 0;
  for (const NormalizerPtr& step : steps_) {
    RETURN_IF_ERROR(step->Apply(buffer, normal));
    if (normal.text.data() == normal.buffers[buffer].data()) buffer = 1 - buffer;
  }
  return absl::OkStatus();
}

}  // namespace drover::model
