#include "model/pre_tokenizer.h"

#include <unicode/uchar.h>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "model/json.h"
#include "model/regex.h"
#include "model/utf8.h"

namespace drover::model {
namespace {

using nlohmann::json;

// The expression that ByteLevel applies with use_regex (openai/gpt-2, src/encoder.py).
constexpr std::string_view kGpt2Pattern =
    R"('s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+)";

// What becomes of matches and of the text between them.
enum class Behavior {
  kIsolated,    // each match and each stretch between matches is a piece
  kRemoved,     // matches are dropped
  kContiguous,  // like isolated, with touching matches joined
};

class Splitter {
 public:
  Splitter(Behavior behavior, bool invert) : behavior_(behavior), invert_(invert) {}

  // `matches` of `text` from left to right.
  void Emit(std::string_view text, const std::vector<std::string_view>& matches,
            std::vector<std::string_view>& out) const {
    size_t done = 0;
    std::string_view run;  // touching matches, kContiguous only
    auto flush_run = [&] {
      if (!run.empty()) out.push_back(run);
      run = {};
    };
    auto take = [&](size_t begin, size_t end, bool matched) {
      if (begin == end) return;
      std::string_view piece = text.substr(begin, end - begin);
      if (matched && behavior_ == Behavior::kRemoved) return;
      if (matched && behavior_ == Behavior::kContiguous) {
        run = run.empty() ? piece : std::string_view(run.data(), run.size() + piece.size());
        return;
      }
      flush_run();
      out.push_back(piece);
    };
    for (std::string_view match : matches) {
      size_t begin = static_cast<size_t>(match.data() - text.data());
      take(done, begin, invert_);
      take(begin, begin + match.size(), !invert_);
      done = begin + match.size();
    }
    take(done, text.size(), invert_);
    flush_run();
  }

 private:
  Behavior behavior_;
  bool invert_;
};

class RegexStep : public PreTokenizerStep {
 public:
  RegexStep(Regex regex, Splitter splitter) : regex_(std::move(regex)), splitter_(splitter) {}
  absl::Status Apply(Pieces& pieces) const override {
    std::vector<std::string_view> out, matches;
    for (std::string_view piece : pieces.views) {
      matches.clear();
      RETURN_IF_ERROR(regex_.FindAll(piece, matches));
      splitter_.Emit(piece, matches, out);
    }
    pieces.views = std::move(out);
    return absl::OkStatus();
  }

 private:
  Regex regex_;
  Splitter splitter_;
};

class StringStep : public PreTokenizerStep {
 public:
  StringStep(std::string text, Splitter splitter) : text_(std::move(text)), splitter_(splitter) {}
  absl::Status Apply(Pieces& pieces) const override {
    std::vector<std::string_view> out, matches;
    for (std::string_view piece : pieces.views) {
      matches.clear();
      for (size_t at = piece.find(text_); at != piece.npos; at = piece.find(text_, at + text_.size())) {
        matches.push_back(piece.substr(at, text_.size()));
      }
      splitter_.Emit(piece, matches, out);
    }
    pieces.views = std::move(out);
    return absl::OkStatus();
  }

 private:
  std::string text_;
  Splitter splitter_;
};

// Characters of the general categories Nd, Nl and No are numeric, as for Rust's char::is_numeric.
class DigitsStep : public PreTokenizerStep {
 public:
  explicit DigitsStep(bool individual)
      : splitter_(individual ? Behavior::kIsolated : Behavior::kContiguous, /*invert=*/false) {}
  absl::Status Apply(Pieces& pieces) const override {
    std::vector<std::string_view> out, matches;
    for (std::string_view piece : pieces.views) {
      matches.clear();
      for (size_t at = 0; at < piece.size();) {
        size_t begin = at;
        char32_t c = NextCodePoint(piece, at);
        if ((U_GET_GC_MASK(static_cast<UChar32>(c)) & U_GC_N_MASK) != 0) {
          matches.push_back(piece.substr(begin, at - begin));
        }
      }
      splitter_.Emit(piece, matches, out);
    }
    pieces.views = std::move(out);
    return absl::OkStatus();
  }

 private:
  Splitter splitter_;
};

// ByteLevel's add_prefix_space: every piece begins with a space.
class PrefixStep : public PreTokenizerStep {
 public:
  absl::Status Apply(Pieces& pieces) const override {
    for (std::string_view& piece : pieces.views) {
      if (piece[0] == ' ') continue;
      pieces.owned.push_back(absl::StrCat(" ", ToAbsl(piece)));
      piece = pieces.owned.back();
    }
    return absl::OkStatus();
  }
};

using Steps = std::vector<std::shared_ptr<const PreTokenizerStep>>;

absl::StatusOr<Behavior> ParseBehavior(const JsonFields& fields) {
  ASSIGN_OR_RETURN(std::string name, fields.String("behavior"));
  if (name == "Isolated") return Behavior::kIsolated;
  if (name == "Removed") return Behavior::kRemoved;
  if (name == "Contiguous") return Behavior::kContiguous;
  return fields.Unsupported("behavior", "\"Isolated\", \"Removed\" or \"Contiguous\"");
}

absl::Status AddSplit(const JsonFields& fields, Steps& steps) {
  ASSIGN_OR_RETURN(Behavior behavior, ParseBehavior(fields));
  ASSIGN_OR_RETURN(bool invert, fields.Bool("invert", false));
  ASSIGN_OR_RETURN(JsonFields pattern, fields.Object("pattern"));
  Splitter splitter(behavior, invert);
  if (pattern.Find("String") != nullptr) {
    ASSIGN_OR_RETURN(std::string text, pattern.String("String"));
    if (text.empty()) return pattern.Wrong("String", "not empty");
    steps.push_back(std::make_shared<StringStep>(std::move(text), splitter));
    return absl::OkStatus();
  }
  ASSIGN_OR_RETURN(std::string text, pattern.String("Regex"));
  absl::StatusOr<Regex> regex = Regex::Compile(text);
  if (!regex.ok()) return Annotate(regex.status(), pattern.Path("Regex"));
  steps.push_back(std::make_shared<RegexStep>(*std::move(regex), splitter));
  return absl::OkStatus();
}

absl::Status AddByteLevel(const JsonFields& fields, Steps& steps) {
  ASSIGN_OR_RETURN(bool prefix, fields.Bool("add_prefix_space", true));
  ASSIGN_OR_RETURN(bool use_regex, fields.Bool("use_regex", true));
  if (prefix) steps.push_back(std::make_shared<PrefixStep>());
  if (!use_regex) return absl::OkStatus();
  ASSIGN_OR_RETURN(Regex regex, Regex::Compile(kGpt2Pattern));
  steps.push_back(
      std::make_shared<RegexStep>(std::move(regex), Splitter(Behavior::kIsolated, /*invert=*/false)));
  return absl::OkStatus();
}

// `last`: nothing comes behind it.
absl::Status AddStep(const JsonFields& fields, bool last, Steps& steps) {
  ASSIGN_OR_RETURN(std::string type, fields.String("type"));
  if ((type == "ByteLevel") != last) {
    return fields.Unsupported("type", last ? "\"ByteLevel\" at the end: only byte-level tokenizers are read"
                                           : "\"Split\" or \"Digits\" before the end");
  }
  if (type == "ByteLevel") return AddByteLevel(fields, steps);
  if (type == "Split") return AddSplit(fields, steps);
  if (type == "Digits") {
    ASSIGN_OR_RETURN(bool individual, fields.Bool("individual_digits", false));
    steps.push_back(std::make_shared<DigitsStep>(individual));
    return absl::OkStatus();
  }
  return fields.Unsupported("type", "\"Sequence\", \"Split\", \"Digits\" or \"ByteLevel\"");
}

}  // namespace

absl::StatusOr<PreTokenizer> PreTokenizer::Parse(const json& value) {
  PreTokenizer result;
  ASSIGN_OR_RETURN(JsonFields fields, JsonFields::Of(value, "pre_tokenizer."));
  ASSIGN_OR_RETURN(std::string type, fields.String("type"));
  if (type != "Sequence") {
    RETURN_IF_ERROR(AddStep(fields, /*last=*/true, result.steps_));
    return result;
  }
  const json* list = fields.Find("pretokenizers");
  if (list == nullptr || !list->is_array() || list->empty() || list->size() > 32) {
    return fields.Wrong("pretokenizers", "an array of 1 to 32 pre-tokenizers");
  }
  for (size_t i = 0; i < list->size(); ++i) {
    ASSIGN_OR_RETURN(JsonFields step,
                     JsonFields::Of((*list)[i], absl::StrCat("pre_tokenizer.pretokenizers[", i, "].")));
    RETURN_IF_ERROR(AddStep(step, i + 1 == list->size(), result.steps_));
  }
  return result;
}

absl::Status PreTokenizer::Cut(std::string_view text, Pieces& pieces) const {
  pieces.views.clear();
  pieces.owned.clear();
  if (text.empty()) return absl::OkStatus();
  pieces.views.push_back(text);
  for (const auto& step : steps_) RETURN_IF_ERROR(step->Apply(pieces));
  return absl::OkStatus();
}

}  // namespace drover::model
