// Added tokens: strings such as <|im_end|> that are found in a text before anything else happens to it.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace drover::model {

struct AddedToken {
  uint32_t id = 0;
  std::string content;
  bool single_word = false;  // only where no word character touches it
  bool lstrip = false;       // takes the white space before it
  bool rstrip = false;       // takes the white space behind it
  bool normalized = false;   // is looked for in the normalised text
  bool special = false;      // is left out of decoded text on demand
};

// Finds added tokens in a text, from left to right, the longest where several begin. Thread-safe once built.
class AddedTokenFinder {
 public:
  // A part of the text: ordinary, or an added token.
  struct Part {
    std::string_view text;
    std::optional<uint32_t> id;
  };

  // `content` is what is looked for: token.content, or its normal form.
  void Add(AddedToken token, std::string_view content);
  // Parts of `text` (valid UTF-8) in order; no ordinary part is empty.
  std::vector<Part> Split(std::string_view text) const;

 private:
  struct Node {
    std::map<char, uint32_t> next;
    int32_t token = -1;  // index into tokens_
  };
  struct Match {
    size_t begin, end;
    const AddedToken* token;
  };
  std::optional<Match> FindFrom(std::string_view text, size_t begin) const;

  std::vector<AddedToken> tokens_;
  std::vector<Node> nodes_ = std::vector<Node>(1);
  bool begins_[256] = {};  // bytes that some token begins with
};

}  // namespace drover::model
