#include "data/flat_json.h"

#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "nlohmann/json.hpp"

namespace drover::data {
namespace {

// Fills a FlatJson. The path of the value that comes next is path_; each open list or object remembers how long its own
// is, and a list counts its elements.
class Flattener {
 public:
  using Number = nlohmann::json;

  bool null() { return Leaf(JsonLeaf::Kind::kOther, "null"); }
  bool boolean(bool value) { return Leaf(JsonLeaf::Kind::kOther, value ? "true" : "false"); }
  bool number_integer(Number::number_integer_t value) {
    return Leaf(JsonLeaf::Kind::kNumber, absl::StrCat(value));
  }
  bool number_unsigned(Number::number_unsigned_t value) {
    return Leaf(JsonLeaf::Kind::kNumber, absl::StrCat(value));
  }
  bool number_float(Number::number_float_t, const std::string& text) {
    return Leaf(JsonLeaf::Kind::kNumber, text);
  }
  bool string(std::string& text) { return Leaf(JsonLeaf::Kind::kText, std::move(text)); }
  bool binary(Number::binary_t&) { return Leaf(JsonLeaf::Kind::kOther, "binary"); }

  bool start_object(size_t) { return Open(/*list=*/false); }
  bool start_array(size_t) { return Open(/*list=*/true); }
  bool end_object() { return Close(); }
  bool end_array() { return Close(); }
  bool key(std::string& name) {
    path_.resize(open_.back().path);
    absl::StrAppend(&path_, path_.empty() ? "" : ".", name);
    return true;
  }
  bool parse_error(size_t position, const std::string&, const nlohmann::detail::exception&) {
    return Fail("is not JSON (byte ", position, ")");
  }

  absl::StatusOr<FlatJson> Finish() && {
    if (!error_.empty()) return absl::InvalidArgumentError(error_);
    return std::move(flat_);
  }

 private:
  struct Opened {
    size_t path = 0;  // the length of its own
    bool list = false;
    size_t elements = 0;
  };

  template <typename... Parts>
  bool Fail(const Parts&... parts) {
    if (error_.empty()) error_ = absl::StrCat(parts...);
    return false;
  }

  // Names the value that comes next when it is an element of a list.
  void NameElement() {
    if (open_.empty() || !open_.back().list) return;
    path_.resize(open_.back().path);
    absl::StrAppend(&path_, path_.empty() ? "" : ".", open_.back().elements++);
  }
  bool Leaf(JsonLeaf::Kind kind, std::string text) {
    if (open_.empty()) return Fail("is no object");
    NameElement();
    if (path_.size() > FlatJson::kMaxPathBytes) return true;
    if (flat_.Find(path_) != nullptr) return Fail("has `", path_, "` twice");
    flat_.Add(path_, {kind, std::move(text)});
    return true;
  }
  bool Open(bool list) {
    if (open_.size() == FlatJson::kMaxDepth) return Fail("nests deeper than ", FlatJson::kMaxDepth);
    NameElement();
    open_.push_back({path_.size(), list, 0});
    return true;
  }
  bool Close() {
    path_.resize(open_.back().path);
    open_.pop_back();
    return true;
  }

  FlatJson flat_;
  std::string path_;
  std::vector<Opened> open_;
  std::string error_;
};

}  // namespace

absl::StatusOr<FlatJson> FlatJson::Parse(std::string_view json) {
  Flattener flattener;
  nlohmann::json::sax_parse(json.begin(), json.end(), &flattener);
  return std::move(flattener).Finish();
}

const JsonLeaf* FlatJson::Find(std::string_view path) const {
  const auto found = leaves_.find(ToAbsl(path));
  return found == leaves_.end() ? nullptr : &found->second;
}

std::string_view FlatJson::Text(std::string_view path) const {
  const JsonLeaf* leaf = Find(path);
  if (leaf == nullptr || leaf->kind == JsonLeaf::Kind::kOther) return {};
  return ToStd(absl::StripAsciiWhitespace(leaf->text));
}

bool FlatJson::Has(std::string_view path) const {
  if (Find(path) != nullptr) return true;
  const std::string under = absl::StrCat(ToAbsl(path), ".");
  const auto next = leaves_.lower_bound(under);
  return next != leaves_.end() && next->first.compare(0, under.size(), under) == 0;
}

}  // namespace drover::data
