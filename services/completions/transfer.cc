#include "services/completions/transfer.h"

#include <curl/curl.h>

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/check.h"

namespace drover::completions {
namespace {

constexpr size_t kLongestUrl = 4096;

// Once in a process, before any thread uses it.
void StartCurl() {
  static const CURLcode started = curl_global_init(CURL_GLOBAL_DEFAULT);
  DROVER_CHECK(started == CURLE_OK);
}

struct UrlHandle {
  UrlHandle() : handle(curl_url()) { DROVER_CHECK(handle != nullptr); }
  ~UrlHandle() { curl_url_cleanup(handle); }
  UrlHandle(const UrlHandle&) = delete;
  UrlHandle& operator=(const UrlHandle&) = delete;
  // Empty when it is not there.
  std::string Part(CURLUPart part) const {
    char* text = nullptr;
    if (curl_url_get(handle, part, &text, 0) != CURLUE_OK || text == nullptr) return "";
    std::string copy = text;
    curl_free(text);
    return copy;
  }
  CURLU* handle;
};

// What one exchange gathers.
struct Exchange {
  const std::atomic<bool>* stop = nullptr;
  size_t max_body_bytes = 0;
  std::string body;
  bool too_large = false;
};

size_t TakeBody(char* data, size_t size, size_t count, void* to) {
  auto* exchange = static_cast<Exchange*>(to);
  if (count > (exchange->max_body_bytes - exchange->body.size()) / std::max<size_t>(size, 1)) {
    exchange->too_large = true;
    return 0;  // ends the exchange
  }
  exchange->body.append(data, size * count);
  return size * count;
}

// Called about once a second at the least.
int MayGoOn(void* from, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  return static_cast<Exchange*>(from)->stop->load() ? 1 : 0;
}

absl::Status StatusOf(CURLcode code, const Exchange& exchange, const char* detail) {
  const std::string said = detail[0] != 0 ? detail : curl_easy_strerror(code);
  if (exchange.too_large) {
    return absl::ResourceExhaustedError(
        absl::StrCat("the answer is larger than ", exchange.max_body_bytes, " bytes"));
  }
  switch (code) {
    case CURLE_ABORTED_BY_CALLBACK:
      return absl::CancelledError("stopped");
    case CURLE_OPERATION_TIMEDOUT:
      return absl::DeadlineExceededError(said);
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_URL_MALFORMAT:
      return absl::InvalidArgumentError(said);
    default:
      return absl::UnavailableError(said);
  }
}

}  // namespace

absl::StatusOr<BaseUrl> ParseBaseUrl(const std::string& text) {
  StartCurl();
  const auto wrong = [](const char* why) {
    return absl::InvalidArgumentError(
        absl::StrCat("the endpoint ", why, "; it is a server's address such as http://127.0.0.1:8000/v1"));
  };
  UrlHandle url;
  if (text.size() > kLongestUrl ||
      curl_url_set(url.handle, CURLUPART_URL, text.c_str(), CURLU_NON_SUPPORT_SCHEME) != CURLUE_OK) {
    return wrong("is no URL");
  }
  const std::string scheme = url.Part(CURLUPART_SCHEME);
  if (scheme != "http" && scheme != "https") return wrong("is no http or https URL");
  if (!url.Part(CURLUPART_QUERY).empty() || !url.Part(CURLUPART_FRAGMENT).empty()) {
    return wrong("has a query or a fragment");
  }
  std::string path = url.Part(CURLUPART_PATH);
  while (!path.empty() && path.back() == '/') path.pop_back();
  if (absl::EndsWith(path, "/completions")) return wrong("names a page of the API");
  if (path.empty()) path = "/v1";
  curl_url_set(url.handle, CURLUPART_PATH, path.c_str(), 0);
  BaseUrl base{url.Part(CURLUPART_URL), ""};
  curl_url_set(url.handle, CURLUPART_USER, nullptr, 0);
  curl_url_set(url.handle, CURLUPART_PASSWORD, nullptr, 0);
  base.shown = url.Part(CURLUPART_URL);
  if (base.url.empty() || base.shown.empty()) return wrong("is no URL");
  return base;
}

struct Transfer::Impl {
  TransferOptions options;
  CURL* curl = nullptr;
  curl_slist* headers = nullptr;
  char error[CURL_ERROR_SIZE] = {};
};

Transfer::Transfer(const TransferOptions& options) : impl_(std::make_unique<Impl>()) {
  StartCurl();
  impl_->options = options;
  impl_->curl = curl_easy_init();
  DROVER_CHECK(impl_->curl != nullptr);
  impl_->headers = curl_slist_append(impl_->headers, "Content-Type: application/json");
  impl_->headers = curl_slist_append(impl_->headers, "Expect:");  // no round trip before a long body
  if (!options.api_key.empty()) {
    impl_->headers =
        curl_slist_append(impl_->headers, absl::StrCat("Authorization: Bearer ", options.api_key).c_str());
  }
  const auto set = [&](CURLoption option, auto value) {
    DROVER_CHECK(curl_easy_setopt(impl_->curl, option, value) == CURLE_OK);
  };
  set(CURLOPT_NOSIGNAL, 1L);
  set(CURLOPT_PROTOCOLS_STR, "http,https");
  set(CURLOPT_FOLLOWLOCATION, 0L);
  set(CURLOPT_SSL_VERIFYPEER, 1L);
  set(CURLOPT_SSL_VERIFYHOST, 2L);
  set(CURLOPT_HTTPHEADER, impl_->headers);
  set(CURLOPT_ERRORBUFFER, impl_->error);
  set(CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(absl::ToInt64Milliseconds(options.connect_timeout)));
  set(CURLOPT_TIMEOUT_MS, static_cast<long>(absl::ToInt64Milliseconds(options.timeout)));
  set(CURLOPT_WRITEFUNCTION, &TakeBody);
  set(CURLOPT_XFERINFOFUNCTION, &MayGoOn);
  set(CURLOPT_NOPROGRESS, 0L);
  set(CURLOPT_USERAGENT, "drover");
}

Transfer::~Transfer() {
  curl_easy_cleanup(impl_->curl);
  curl_slist_free_all(impl_->headers);
}

absl::StatusOr<Reply> Transfer::Post(const std::string& url, const std::string& body,
                                     const std::atomic<bool>& stop) {
  Exchange exchange{.stop = &stop, .max_body_bytes = impl_->options.max_body_bytes, .body = ""};
  CURL* curl = impl_->curl;
  curl_easy_setopt(curl, CURLOPT_URL, url.c_str());
  curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body.data());
  curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(body.size()));
  curl_easy_setopt(curl, CURLOPT_WRITEDATA, &exchange);
  curl_easy_setopt(curl, CURLOPT_XFERINFODATA, &exchange);
  impl_->error[0] = 0;
  const CURLcode code = curl_easy_perform(curl);
  if (code != CURLE_OK) return StatusOf(code, exchange, impl_->error);
  Reply reply;
  curl_off_t after = 0;
  curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &reply.code);
  if (curl_easy_getinfo(curl, CURLINFO_RETRY_AFTER, &after) == CURLE_OK)
    reply.retry_after = absl::Seconds(after);
  reply.body = std::move(exchange.body);
  return reply;
}

}  // namespace drover::completions
