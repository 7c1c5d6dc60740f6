// Who holds which page, and which pages' contents can be found again. Pure: numbers, no memory behind them.
//
// A page is held by as many sequences as share it, and free when none does. What a free page held stays findable until
// the page is taken for something else: pages without content are taken first, then pages that were never used (while
// fewer than twice those that were held at once have been: their memory is not resident yet), then the one that has been
// free for longest.
//
// Contents form chains: the content of a page is its 16 tokens and the content of the page before, so that pages are
// only shared by sequences that are equal from their beginning on. A content's name is a number that is never used
// again; two pages have the same name only if all tokens up to there are equal, not merely their hashes.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "model/pages.h"

namespace drover::actor {

class PagePool {
 public:
  using Name = uint64_t;
  using Tokens = std::array<uint32_t, model::kPageTokens>;
  static constexpr Name kBeginning = 0;  // what stands before the first page
  static constexpr int32_t kNone = -1;

  // Pages are numbered 0 .. pages - 1.
  explicit PagePool(int32_t pages);

  // A free page, held once, its content forgotten; kNone if all are held.
  int32_t Take();
  void Hold(int32_t page);     // once more; a free page, too
  void Release(int32_t page);  // once less
  int32_t holders(int32_t page) const { return pages_[page].holders; }

  // The name of `tokens` after `before`, found at `page` from now on unless another page has that content already.
  Name Record(Name before, const Tokens& tokens, int32_t page);

  struct Found {
    int32_t page = kNone;
    Name name = 0;
  };
  // The page that holds `tokens` after `before`, not held once more by this; kNone if there is none.
  Found Find(Name before, const Tokens& tokens) const;

  // No page is found any more; who holds it keeps it.
  void ForgetContents();

  int32_t size() const { return static_cast<int32_t>(pages_.size()); }
  int32_t free() const { return freed_ + size() - touched_; }
  int32_t used() const { return touched_ - freed_; }
  int32_t touched() const { return touched_; }  // that were ever taken

 private:
  struct Content {
    Name before = 0;
    Tokens tokens = {};
    bool operator==(const Content& other) const { return before == other.before && tokens == other.tokens; }
    template <typename H>
    friend H AbslHashValue(H h, const Content& content) {
      return H::combine(std::move(h), content.before, content.tokens);
    }
  };
  struct Page {
    int32_t holders = 0;
    int32_t previous = kNone, next = kNone;  // of the freed ones, in the order in which they are taken
    Name name = 0;                           // 0: its content is not found
    Content content;
  };

  bool TakesFresh() const;
  void Unlink(int32_t page);
  void Link(int32_t page, int32_t before);  // `before` kNone: as the last
  void Forget(int32_t page);

  std::vector<Page> pages_;
  absl::flat_hash_map<Content, int32_t> found_;
  int32_t first_ = kNone, last_ = kNone;  // of those that were held and are free
  int32_t freed_ = 0;                     // those
  int32_t touched_ = 0;                   // pages from here on were never taken
  int32_t most_used_ = 0;
  Name next_name_ = 1;
};

}  // namespace drover::actor
