// VerifierService over a GraderPool: a unary batch call and a bidirectional stream.
#pragma once

#include <grpcpp/impl/service_type.h>

#include <memory>

#include "absl/status/status.h"
#include "services/grading/grader_pool.h"
#include "services/metrics/verifier_metrics.h"

namespace drover::grading {

struct VerifierServerOptions {
  size_t max_batch = 16384;  // requests of one unary call; more is INVALID_ARGUMENT
  size_t max_streams = 256;  // open at a time; further ones get RESOURCE_EXHAUSTED
  size_t max_stream_in_flight =
      64;  // grades of one stream; it is not read further before one was written back
};

// Thread-safe. Outlives the rpc::Server that it is registered with; the pool outlives it.
class VerifierServer {
 public:
  // `metrics` may be null, else outlives the server.
  VerifierServer(const VerifierServerOptions& options, GraderPool* pool, metrics::VerifierMetrics* metrics);
  ~VerifierServer();

  // To register as v1::VerifierService::service_full_name().
  grpc::Service* service();

  // Streams end with UNAVAILABLE as soon as what was read is written back; new ones are refused. Unary calls go on to
  // their end. Call it before rpc::Server::Shutdown.
  void Drain();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace drover::grading
