// One JSON object (or list) as its leaves, each under the names on the way to it:
//
//   {"reward_model": {"ground_truth": "34"}, "prompt": [{"role": "user", "content": "..."}]}
//
//   reward_model.ground_truth  34
//   prompt.0.role              user
//   prompt.0.content           ...
//
// So a list and the object that some tools make of it ({"0": ..., "1": ...}) are read alike.
#pragma once

#include <string>
#include <string_view>

#include "absl/container/btree_map.h"
#include "absl/status/statusor.h"

namespace drover::data {

struct JsonLeaf {
  enum class Kind { kText, kNumber, kOther };  // kOther: true, false, null
  Kind kind = Kind::kOther;
  std::string text;  // of a number as it is written: 1.50 stays 1.50; of kOther its word
};

class FlatJson {
 public:
  // How deep lists and objects may stand in each other, and how long a leaf's path may be: leaves further down are an
  // error, those of longer paths are not kept.
  static constexpr size_t kMaxDepth = 64;
  static constexpr size_t kMaxPathBytes = 256;

  // INVALID_ARGUMENT "is not JSON (byte N)", "is a text, must be an object", "has `path` twice" or "nests deeper ...".
  static absl::StatusOr<FlatJson> Parse(std::string_view json);

  // Null where there is none.
  const JsonLeaf* Find(std::string_view path) const;
  // The leaf's text where it is a text or a number, without white space around it; empty otherwise.
  std::string_view Text(std::string_view path) const;
  // Whether anything stands at `path` or under it.
  bool Has(std::string_view path) const;

  void Add(std::string path, JsonLeaf leaf) { leaves_.emplace(std::move(path), std::move(leaf)); }

 private:
  absl::btree_map<std::string, JsonLeaf> leaves_;
};

}  // namespace drover::data
