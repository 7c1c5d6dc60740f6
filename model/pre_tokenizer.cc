#include "model/pre_tokenizer.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "model/json.h"
#include "model/metaspace.h"
#include "model/pattern.h"

namespace drover::model {
namespace {

using nlohmann::json;

// The expression that ByteLevel applies with use_regex (openai/gpt-2, src/encoder.py).
constexpr std::string_view kGpt2Pattern =
    R"('s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+)";

// What becomes of matches and of the text between them.
enum class Behavior {
  kIsolated,            // each match and each stretch between matches is a piece
  kRemoved,             // matches are dropped
  kContiguous,          // like isolated, with touching matches joined (inverted: what touches between them)
  kMergedWithPrevious,  // a match goes with the stretch before it, of touching ones the first
  kMergedWithNext,      // with the stretch behind it, of touching ones the last
};

class Splitter {
 public:
  Splitter(Behavior behavior, bool invert) : behavior_(behavior), invert_(invert) {}

  // `matches` of `text` from left to right. Appends the pieces.
  void Emit(std::string_view text, const std::vector<std::string_view>& matches,
            std::vector<std::string_view>& out) const {
    const size_t from = out.size();
    size_t done = 0;
    bool matched_before = false;  // the last stretch that was taken
    auto take = [&](size_t begin, size_t end, bool matched) {
      if (begin == end) return;
      const std::string_view piece = text.substr(begin, end - begin);
      if (Joins(matched, matched_before, out.size() > from)) {
        out.back() = std::string_view(out.back().data(), out.back().size() + piece.size());
      } else if (!matched || behavior_ != Behavior::kRemoved) {
        out.push_back(piece);
      }
      matched_before = matched;
    };
    for (std::string_view match : matches) {
      size_t begin = static_cast<size_t>(match.data() - text.data());
      take(done, begin, invert_);
      take(begin, begin + match.size(), !invert_);
      done = begin + match.size();
    }
    take(done, text.size(), invert_);
  }

 private:
  // Whether a stretch is joined to the piece before it, if there is one.
  bool Joins(bool matched, bool matched_before, bool any) const {
    if (!any) return false;
    switch (behavior_) {
      case Behavior::kContiguous:
        return matched == matched_before;
      case Behavior::kMergedWithPrevious:
        return matched && !matched_before;
      case Behavior::kMergedWithNext:
        return !matched && matched_before;
      default:
        return false;
    }
  }

  Behavior behavior_;
  bool invert_;
};

// Cuts each piece at the matches that `find` puts into pieces.matches.
template <typename Find>
absl::Status CutEach(Pieces& pieces, const Splitter& splitter, Find find) {
  pieces.next.clear();
  for (std::string_view piece : pieces.views) {
    RETURN_IF_ERROR(find(piece, pieces.matches));
    splitter.Emit(piece, pieces.matches, pieces.next);
  }
  pieces.at_start &= !pieces.next.empty() && pieces.next[0].data() == pieces.views[0].data();
  pieces.views.swap(pieces.next);
  return absl::OkStatus();
}

class SplitStep : public PreTokenizerStep {
 public:
  SplitStep(Pattern pattern, Splitter splitter) : pattern_(std::move(pattern)), splitter_(splitter) {}
  absl::Status Apply(Pieces& pieces) const override {
    Pattern::Matcher matcher(pattern_);
    return CutEach(pieces, splitter_,
                   [&matcher](std::string_view piece, std::vector<std::string_view>& matches) {
                     return matcher.FindAll(piece, matches);
                   });
  }

 private:
  Pattern pattern_;
  Splitter splitter_;
};

// Characters of the general categories Nd, Nl and No are numeric, as for Rust's char::is_numeric.
class DigitsStep : public PreTokenizerStep {
 public:
  explicit DigitsStep(bool individual)
      : splitter_(individual ? Behavior::kIsolated : Behavior::kContiguous, /*invert=*/false) {}
  absl::Status Apply(Pieces& pieces) const override {
    return CutEach(pieces, splitter_, [](std::string_view piece, std::vector<std::string_view>& matches) {
      matches.clear();
      SplitScanner::FindNumbers(piece, matches);
      return absl::OkStatus();
    });
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

// Spaces become the mark, which is put before pieces that lack it. Where it splits, each mark begins a piece.
class MetaspaceStep : public PreTokenizerStep {
 public:
  explicit MetaspaceStep(MetaspaceFields fields) : fields_(std::move(fields)) {}
  absl::Status Apply(Pieces& pieces) const override {
    pieces.next.clear();
    for (std::string_view piece : pieces.views) {
      const bool first = pieces.at_start && pieces.next.empty();
      pieces.owned.push_back(Marked(piece, first));
      Split(pieces.owned.back(), pieces.next);
    }
    pieces.views.swap(pieces.next);
    return absl::OkStatus();
  }

 private:
  using Prepends = MetaspaceFields::Prepends;

  std::string Marked(std::string_view piece, bool first) const {
    const std::string& mark = fields_.mark;
    std::string out;
    out.reserve(piece.size() + mark.size());
    const bool prepends =
        fields_.prepends == Prepends::kAlways || (fields_.prepends == Prepends::kFirst && first);
    if (prepends && piece[0] != ' ' && piece.substr(0, mark.size()) != mark) out = mark;
    for (const char c : piece) {
      if (c == ' ') {
        out += mark;
      } else {
        out += c;
      }
    }
    return out;
  }

  void Split(std::string_view piece, std::vector<std::string_view>& out) const {
    const std::string& mark = fields_.mark;
    while (fields_.split) {
      const size_t end = piece.find(mark, piece.substr(0, mark.size()) == mark ? mark.size() : 0);
      if (end == piece.npos) break;
      out.push_back(piece.substr(0, end));
      piece.remove_prefix(end);
    }
    out.push_back(piece);
  }

  MetaspaceFields fields_;
};

using Steps = std::vector<std::shared_ptr<const PreTokenizerStep>>;

absl::StatusOr<Behavior> ParseBehavior(const JsonFields& fields) {
  ASSIGN_OR_RETURN(std::string name, fields.String("behavior"));
  if (name == "Isolated") return Behavior::kIsolated;
  if (name == "Removed") return Behavior::kRemoved;
  if (name == "Contiguous") return Behavior::kContiguous;
  if (name == "MergedWithPrevious") return Behavior::kMergedWithPrevious;
  if (name == "MergedWithNext") return Behavior::kMergedWithNext;
  return fields.Wrong(
      "behavior", "\"Isolated\", \"Removed\", \"Contiguous\", \"MergedWithPrevious\" or \"MergedWithNext\"");
}

absl::Status AddSplit(const JsonFields& fields, Steps& steps) {
  ASSIGN_OR_RETURN(Behavior behavior, ParseBehavior(fields));
  ASSIGN_OR_RETURN(bool invert, fields.Bool("invert", false));
  ASSIGN_OR_RETURN(Pattern pattern, Pattern::Parse(fields));
  steps.push_back(std::make_shared<SplitStep>(std::move(pattern), Splitter(behavior, invert)));
  return absl::OkStatus();
}

absl::Status AddByteLevel(const JsonFields& fields, Steps& steps) {
  ASSIGN_OR_RETURN(bool prefix, fields.Bool("add_prefix_space", true));
  ASSIGN_OR_RETURN(bool use_regex, fields.Bool("use_regex", true));
  if (prefix) steps.push_back(std::make_shared<PrefixStep>());
  if (!use_regex) return absl::OkStatus();
  ASSIGN_OR_RETURN(Pattern pattern, Pattern::OfRegex(kGpt2Pattern));
  steps.push_back(
      std::make_shared<SplitStep>(std::move(pattern), Splitter(Behavior::kIsolated, /*invert=*/false)));
  return absl::OkStatus();
}

absl::Status AddStep(const JsonFields& fields, const std::string& type, Steps& steps) {
  if (type == "ByteLevel") return AddByteLevel(fields, steps);
  if (type == "Split") return AddSplit(fields, steps);
  if (type == "Digits") {
    ASSIGN_OR_RETURN(bool individual, fields.Bool("individual_digits", false));
    steps.push_back(std::make_shared<DigitsStep>(individual));
    return absl::OkStatus();
  }
  if (type == "Metaspace") {
    ASSIGN_OR_RETURN(MetaspaceFields metaspace, MetaspaceFields::Parse(fields));
    steps.push_back(std::make_shared<MetaspaceStep>(std::move(metaspace)));
    return absl::OkStatus();
  }
  return fields.Unsupported("type", "\"Sequence\", \"Split\", \"Digits\", \"Metaspace\" or \"ByteLevel\"");
}

}  // namespace

absl::StatusOr<PreTokenizer> PreTokenizer::Parse(const json& value) {
  PreTokenizer result;
  ASSIGN_OR_RETURN(JsonFields fields, JsonFields::Of(value, "pre_tokenizer."));
  ASSIGN_OR_RETURN(std::string type, fields.String("type"));
  if (type != "Sequence") {
    result.byte_level_ = type == "ByteLevel";
    RETURN_IF_ERROR(AddStep(fields, type, result.steps_));
    return result;
  }
  const json* list = fields.Find("pretokenizers");
  if (list == nullptr || !list->is_array() || list->empty() || list->size() > 32) {
    return fields.Wrong("pretokenizers", "an array of 1 to 32 pre-tokenizers");
  }
  for (size_t i = 0; i < list->size(); ++i) {
    ASSIGN_OR_RETURN(JsonFields step,
                     JsonFields::Of((*list)[i], absl::StrCat("pre_tokenizer.pretokenizers[", i, "].")));
    ASSIGN_OR_RETURN(type, step.String("type"));
    if (result.byte_level_) return step.Unsupported("type", "none: ByteLevel is the last");
    result.byte_level_ = type == "ByteLevel";
    RETURN_IF_ERROR(AddStep(step, type, result.steps_));
  }
  return result;
}

absl::Status PreTokenizer::Cut(std::string_view text, bool at_start, Pieces& pieces) const {
  pieces.views.clear();
  pieces.owned.clear();
  pieces.at_start = at_start;
  if (text.empty()) return absl::OkStatus();
  pieces.views.push_back(text);
  for (const auto& step : steps_) RETURN_IF_ERROR(step->Apply(pieces));
  return absl::OkStatus();
}

}  // namespace drover::model
