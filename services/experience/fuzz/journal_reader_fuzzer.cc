// Any bytes as events.log: read to the end or refused, within bounded time and memory; whatever was applied left sums
// that close.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "base/testing/memory_file_system.h"
#include "services/experience/ledger.h"
#include "services/experience/record.h"

namespace {

using drover::experience::FileKind;
using drover::experience::Ledger;
using drover::experience::RecordReader;

void CheckSums(const Ledger& ledger) {
  const drover::v1::LeaseCounts c = ledger.Counts();
  if (c.leased() != c.trained() + c.pending() + c.filtered() + c.expired() + c.stale() + c.failed())
    std::abort();
}

void Read(const uint8_t* data, size_t size, FileKind kind) {
  drover::testing::MemoryFileSystem files;
  files.Put("fuzz", std::string_view(reinterpret_cast<const char*>(data), size));
  auto reader = RecordReader::Open("fuzz", kind, &files);
  if (!reader.ok()) return;
  Ledger ledger({.prompts_per_rollout = 2, .staleness_bound = 1, .steps = 8});
  while (true) {
    auto record = reader->Next();
    if (!record.ok() || !*record) break;
    drover::v1::JournalEvent event;
    if (event.ParseFromString((*record)->payload)) (void)ledger.Apply(event);
    CheckSums(ledger);
    (void)ledger.Ready();
    (void)ledger.AcceptedGroups();
    (void)ledger.NextIssue(ledger.version(), [](uint64_t) { return true; });
  }
  if (reader->offset() > size) std::abort();
}

// The same bytes as the payloads of intact records, so that the ledger behind the checksums is reached: each is led by its
// length in one byte.
void ApplyPayloads(const uint8_t* data, size_t size) {
  std::string file = drover::experience::EncodeHeader(FileKind::kEvents);
  for (size_t at = 0; at < size;) {
    const size_t length = std::min<size_t>(data[at], size - at - 1);
    const std::string_view payload(reinterpret_cast<const char*>(data) + at + 1, length);
    if (length > 0 && !drover::experience::AppendRecord(FileKind::kEvents, payload, &file).ok()) std::abort();
    at += 1 + length;
  }
  Read(reinterpret_cast<const uint8_t*>(file.data()), file.size(), FileKind::kEvents);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  Read(data, size, FileKind::kEvents);
  Read(data, size, FileKind::kGroups);
  ApplyPayloads(data, size);
  return 0;
}
