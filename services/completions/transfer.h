// One HTTP exchange with bounds, over libcurl.
#pragma once

#include <atomic>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace drover::completions {

// Where a server's API is.
struct BaseUrl {
  std::string url;    // "https://host:port/v1", without a slash at its end
  std::string shown;  // the same without user and password: for people
};

// "http://host:8000", "http://host:8000/v1/" and deeper paths; /v1 is added where there is no path. INVALID_ARGUMENT for what is no http or
// https URL, has a query or a fragment, or names one of the API's own pages (/chat/completions).
absl::StatusOr<BaseUrl> ParseBaseUrl(const std::string& text);

struct TransferOptions {
  absl::Duration connect_timeout = absl::Seconds(10);
  absl::Duration timeout =
      absl::Minutes(20);  // of one whole exchange; a long response takes as long as it takes
  size_t max_body_bytes = size_t{32} << 20;  // of an answer
  std::string api_key;  // sent as a bearer token; empty: none. Never in a message of this folder
};

struct Reply {
  long code = 0;
  std::string body;
  absl::Duration retry_after = absl::ZeroDuration();  // what the server asks for; zero when it does not
};

// A connection to one server, kept open between exchanges. Redirects are not followed (they would take the key elsewhere), certificates are
// verified, nothing is compressed. Not thread-safe; one a thread.
class Transfer {
 public:
  explicit Transfer(const TransferOptions& options);
  ~Transfer();
  Transfer(const Transfer&) = delete;
  Transfer& operator=(const Transfer&) = delete;

  // POSTs a JSON body. UNAVAILABLE for a server that is not there or goes away, DEADLINE_EXCEEDED, RESOURCE_EXHAUSTED for an answer that is
  // too large, INVALID_ARGUMENT for a certificate that does not verify, CANCELLED soon after `stop` became true.
  absl::StatusOr<Reply> Post(const std::string& url, const std::string& body, const std::atomic<bool>& stop);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace drover::completions
