// Ends responses at stop texts, whatever tokens they are spelled with. Works on bytes.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace drover::actor {

// The stop texts of a request; immutable, shared by its responses.
class StopTexts {
 public:
  // Empty texts are never found.
  explicit StopTexts(std::vector<std::string> texts);

  bool empty() const { return texts_.empty(); }

  struct Match {
    size_t begin = 0;  // of the stop text
    size_t end = 0;    // one past its last byte
  };

  // The stop text that is complete first when `text` is read byte by byte (of several complete at the same byte, the
  // longest), given that the first `seen` bytes of `text` hold none: so the answer does not depend on how the bytes are
  // cut into tokens. Looks only at the new bytes and the few before them that a stop text can have begun in.
  std::optional<Match> Find(std::string_view text, size_t seen) const;

 private:
  std::vector<std::string> texts_;
};

}  // namespace drover::actor
