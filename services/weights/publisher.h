// The serving end of the weight stream: holds the newest version and sends it to every subscriber that has an older
// one. docs/reference/weight-stream.md is the protocol.
//
//   learner --Publish--> newest ==(stream per subscriber; begin, chunks, end)==> WeightSubscriber
//
// | each stream | consumes           | waits for                        | unblocked by         |
// | writer      | the newest version | a newer one than it sent; a write | Publish; the network |
//
// A subscriber that is slow skips versions: when a stream has sent a version whole, it goes on with the newest. One that
// is superseded while it is sent is sent to its end (else a slow subscriber would never have a whole one). Memory: a
// version's bytes are shared by all streams and never copied (gRPC slices refer to them). At most max_versions are
// alive: when slow streams still send so many older ones, those of the oldest are ended (they may come back, and begin
// with the newest). Beside them one version may be kept (Keep), for subscribers that ask for it alone: the one that is being
// evaluated.
#pragma once

#include <grpcpp/impl/service_type.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>

#include "model/weight_set.h"
#include "model/weight_version.h"
#include "services/metrics/weight_metrics.h"

namespace drover::weights {

struct PublisherOptions {
  uint32_t chunk_bytes = 1 << 20;   // of the tensors' bytes in a frame
  uint32_t max_subscribers = 4096;  // streams at a time; further ones get RESOURCE_EXHAUSTED
  size_t max_versions = 4;          // alive at a time, the newest included
};

// Thread-safe. The server that it is registered with must be gone before it is.
class WeightPublisher {
 public:
  // `metrics` may be null, else outlives the publisher.
  explicit WeightPublisher(const PublisherOptions& options,
                           metrics::WeightPublisherMetrics* metrics = nullptr);
  ~WeightPublisher();

  // To register with an rpc::Server as v1::WeightService::service_full_name().
  grpc::Service* service();

  // Makes this the newest version; one that is not newer than the last is ignored.
  void Publish(const model::WeightVersion& version, model::WeightSet weights);

  // Until the next call the newest version can be asked for by its name, when it is the newest no more, too. With `keep`
  // false: no version but the newest can.
  void Keep(bool keep);

  // What every version adapts, before the first of them: a subscriber that holds another base or none is sent it before its
  // next version.
  void PublishBase(model::WeightSet weights);

  // Ends every stream, and refuses new ones, with UNAVAILABLE: before rpc::Server::Shutdown.
  void Shutdown();

  // The newest version's weights, where it is `version`: the same bytes, not a copy. Else nullopt.
  std::optional<model::WeightSet> Newest(const model::WeightVersion& version) const;

  size_t subscribers() const;
  // Versions that are alive: the newest, and those that slow streams still send.
  size_t versions_held() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace drover::weights
