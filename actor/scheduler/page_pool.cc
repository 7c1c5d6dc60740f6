#include "actor/scheduler/page_pool.h"

#include <algorithm>

#include "base/check.h"

namespace drover::actor {

PagePool::PagePool(int32_t pages) : pages_(static_cast<size_t>(pages)) { DROVER_CHECK(pages > 0); }

int32_t PagePool::Take() {
  if (free() == 0) return kNone;
  int32_t page = first_;
  if (TakesFresh()) {
    page = touched_++;
    pages_[page].holders = 1;
  } else {
    Hold(page);
    Forget(page);
  }
  most_used_ = std::max(most_used_, used());
  return page;
}

bool PagePool::TakesFresh() const {
  if (first_ == kNone) return true;
  return touched_ < size() && pages_[first_].name != 0 && touched_ < 2 * int64_t{most_used_};
}

void PagePool::Hold(int32_t page) {
  if (pages_[page].holders++ == 0) Unlink(page);
}

void PagePool::Release(int32_t page) {
  DROVER_CHECK(pages_[page].holders > 0);
  if (--pages_[page].holders > 0) return;
  Link(page, pages_[page].name == 0 ? first_ : kNone);
}

PagePool::Name PagePool::Record(Name before, const Tokens& tokens, int32_t page) {
  Page& record = pages_[page];
  DROVER_CHECK(record.holders > 0 && record.name == 0);
  const Content content = {before, tokens};
  const auto [at, is_new] = found_.try_emplace(content, page);
  if (!is_new) return pages_[at->second].name;
  record.content = content;
  record.name = next_name_++;
  return record.name;
}

PagePool::Found PagePool::Find(Name before, const Tokens& tokens) const {
  const auto at = found_.find(Content{before, tokens});
  if (at == found_.end()) return {};
  return {at->second, pages_[at->second].name};
}

void PagePool::ForgetContents() {
  for (int32_t page = 0; page < touched_; ++page) Forget(page);
}

void PagePool::Forget(int32_t page) {
  if (pages_[page].name == 0) return;
  found_.erase(pages_[page].content);
  pages_[page].name = 0;
}

void PagePool::Unlink(int32_t page) {
  const Page& free = pages_[page];
  (free.previous == kNone ? first_ : pages_[free.previous].next) = free.next;
  (free.next == kNone ? last_ : pages_[free.next].previous) = free.previous;
  --freed_;
}

void PagePool::Link(int32_t page, int32_t before) {
  const int32_t previous = before == kNone ? last_ : pages_[before].previous;
  pages_[page].previous = previous;
  pages_[page].next = before;
  (previous == kNone ? first_ : pages_[previous].next) = page;
  (before == kNone ? last_ : pages_[before].previous) = page;
  ++freed_;
}

}  // namespace drover::actor
