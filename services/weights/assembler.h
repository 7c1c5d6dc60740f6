// Puts versions together from their frames, trusting none of them. Pure: no clock, no thread, no network.
//
//   idle --begin--> receiving --chunk (in order, no gaps)--> receiving --end, all bytes there, digest fits--> idle
//
// Any other frame is an error, after which the assembler is idle.
//
// It starts from the version that is there already: a tensor that comes with the bytes that it had (by its digest)
// is that one's, and takes no memory of its own. Each version that it completes is the last one for the next.
//
// What comes as a base is no version: it is kept, and the versions after it have it.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "drover/v1/weights.pb.h"
#include "model/weight_set.h"
#include "model/weight_version.h"
#include "services/weights/received.h"

namespace drover::weights {

// Not thread-safe.
class Assembler {
 public:
  // `max_bytes`: of one version; memory grows with what arrives, never with what is announced. `last` may be null.
  explicit Assembler(uint64_t max_bytes, std::shared_ptr<const Received> last = nullptr)
      : max_bytes_(max_bytes), last_(std::move(last)), base_(last_ == nullptr ? nullptr : last_->base) {}

  // The version that `frame` completed, its digest checked; null when it is not whole yet, and for a base. INVALID_ARGUMENT or
  // RESOURCE_EXHAUSTED for frames that break the protocol; DATA_LOSS when the digest does not fit.
  absl::StatusOr<std::shared_ptr<const Received>> Add(const v1::WeightFrame& frame);

  // Forgets what is not whole; the last version and the base stay.
  void Reset() { incoming_.reset(); }

 private:
  // A version that is not whole.
  struct Incoming {
    explicit Incoming(std::shared_ptr<const model::WeightSet> last) : builder(std::move(last)) {}

    model::WeightVersion version;
    bool base = false;
    std::vector<model::TensorMeta> layout;
    uint64_t total_bytes = 0;
    uint64_t received_bytes = 0;
    size_t next = 0;   // of the layout: the tensor whose bytes come next
    std::string data;  // those of them that came
    model::WeightSetBuilder builder;
  };

  absl::Status Begin(const v1::SnapshotBegin& begin);
  absl::Status Chunk(const v1::SnapshotChunk& chunk);
  // What was received, the base too.
  absl::StatusOr<Received> End(const v1::SnapshotEnd& end);
  static absl::Status CompleteTensors(Incoming& incoming);

  const uint64_t max_bytes_;
  std::shared_ptr<const Received> last_;
  std::shared_ptr<const model::WeightSet> base_;
  std::optional<Incoming> incoming_;
};

}  // namespace drover::weights
