#include "services/page/live.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "base/token.h"
#include "services/page/columns.h"
#include "services/page/html.h"
#include "services/page/lines.h"
#include "services/page/run_data.h"
#include "services/page/samples.h"

namespace drover::page {
namespace {

using Json = nlohmann::ordered_json;

constexpr uint64_t kAnswerBytes = uint64_t{1} << 20;   // of each file
constexpr uint64_t kLongestLine = uint64_t{16} << 20;  // longer ones are passed over
constexpr uint64_t kTextBytes = uint64_t{64} << 10;    // of a response

// Where the asker is in a file; none: at its beginning.
uint64_t PlaceIn(const http::Request& request, const std::string& file) {
  const auto at = request.query.find(file);
  uint64_t place = 0;
  return at != request.query.end() && absl::SimpleAtoi(at->second, &place) ? place : 0;
}

// What was read of a file, and where the next answer goes on.
struct Part {
  uint64_t next = 0;
  bool more = false;
};

// Calls `take` with whole lines from `place` on until an answer is full.
absl::StatusOr<Part> ReadLines(FileSystem* files, const std::string& path, uint64_t place,
                               const std::function<void(std::string_view)>& take) {
  Part part{.next = place};
  const absl::Status read = ForEachLine(files, path, place, kLongestLine, [&](const Line& line) {
    if (part.next - place >= kAnswerBytes) {
      part.more = true;
      return absl::OutOfRangeError("the answer is full");
    }
    if (line.bytes <= kLongestLine) take(line.text);
    part.next = line.offset + line.bytes + 1;
    return absl::OkStatus();
  });
  if (!part.more) RETURN_IF_ERROR(read);
  return part;
}

absl::StatusOr<uint64_t> SizeOf(FileSystem* files, const std::string& path) {
  const absl::StatusOr<std::unique_ptr<ReadableFile>> file = files->Open(path);
  if (absl::IsNotFound(file.status())) return 0;
  RETURN_IF_ERROR(file.status());
  return (*file)->size();
}

class LivePage {
 public:
  explicit LivePage(LiveOptions options) : options_(std::move(options)), token_(UnguessableToken()) {}

  http::Response Document() const;
  http::Response Data(const http::Request& request) const;

 private:
  std::string Token() const { return absl::StrCat(token_.substr(0, 16), "-", options_.incarnation()); }
  absl::StatusOr<Json> Answer(const http::Request& request) const;
  absl::StatusOr<Part> AddColumns(const std::string& path, uint64_t place, const char* name,
                                  Json* answer) const;
  absl::StatusOr<Part> AddSamples(uint64_t place, Json* answer) const;

  const LiveOptions options_;
  const std::string token_;
};

http::Response LivePage::Document() const {
  const std::string nonce = UnguessableToken();
  http::Response response;
  response.head.type = "text/html; charset=utf-8";
  response.head.headers = {
      {"Content-Security-Policy",
       absl::StrCat(ContentSecurityPolicy(nonce, /*live=*/true), "; frame-ancestors 'none'")},
      {"X-Content-Type-Options", "nosniff"},
      {"Referrer-Policy", "no-referrer"},
      {"Cache-Control", "no-store"}};
  response.body = Html({.title = "Drover run", .data = Json({{"live", true}}), .nonce = nonce});
  return response;
}

absl::StatusOr<Part> LivePage::AddColumns(const std::string& path, uint64_t place, const char* name,
                                          Json* answer) const {
  Columns columns(kAnswerBytes);  // as many as there are
  ASSIGN_OR_RETURN(const Part part,
                   ReadLines(options_.folder.files(), path, place, [&](std::string_view line) {
                     columns.Add(Json::parse(line, nullptr, /*allow_exceptions=*/false));
                   }));
  (*answer)[name] = columns.ToJson();
  (*answer)["next"][name] = part.next;
  return part;
}

absl::StatusOr<Part> LivePage::AddSamples(uint64_t place, Json* answer) const {
  const std::string path = options_.folder.samples();
  ASSIGN_OR_RETURN(const uint64_t size, SizeOf(options_.folder.files(), path));
  uint64_t skipped = 0;
  if (place == 0 && size > kAnswerBytes) {  // an asker that has just come: only the newest
    place = size - kAnswerBytes;
    skipped = place;
  }
  Json groups = Json::array();
  bool part_of_a_line = skipped > 0;
  uint64_t cut = 0;
  ASSIGN_OR_RETURN(
      const Part part, ReadLines(options_.folder.files(), path, place, [&](std::string_view line) {
        Json sample = std::exchange(part_of_a_line, false) ? Json() : SampleOf(line, kTextBytes, &cut);
        if (!sample.is_null()) groups.push_back(std::move(sample));
      }));
  (*answer)["samples"] = std::move(groups);
  (*answer)["next"]["samples"] = part.next;
  (*answer)["skipped"] = skipped;
  return part;
}

absl::StatusOr<Json> LivePage::Answer(const http::Request& request) const {
  const std::string token = Token();
  const auto of = request.query.find("of");
  const bool known = of != request.query.end() && of->second == token;
  const auto place = [&](const char* file) { return known ? PlaceIn(request, file) : 0; };
  Json answer = {{"of", token}, {"next", Json::object()}};
  ASSIGN_OR_RETURN(answer["head"], ReadHead(options_.folder));
  ASSIGN_OR_RETURN(const Part metrics,
                   AddColumns(options_.folder.metrics(), place("metrics"), "metrics", &answer));
  ASSIGN_OR_RETURN(const Part evaluations,
                   AddColumns(options_.folder.evaluations(), place("evaluations"), "evaluations", &answer));
  ASSIGN_OR_RETURN(const Part samples, AddSamples(place("samples"), &answer));
  answer["more"] = metrics.more || evaluations.more || samples.more;
  return answer;
}

http::Response LivePage::Data(const http::Request& request) const {
  const absl::StatusOr<Json> answer = Answer(request);
  if (!answer.ok()) return http::Text(500, absl::StrCat(answer.status().message(), "\n"));
  http::Response response;
  response.head.type = "application/json";
  response.head.headers = {{"X-Content-Type-Options", "nosniff"}, {"Cache-Control", "no-store"}};
  response.body = answer->dump(-1, ' ', false, Json::error_handler_t::replace);
  return response;
}

}  // namespace

void AddLivePage(LiveOptions options, http::Routes& routes) {
  const auto page = std::make_shared<const LivePage>(std::move(options));
  // The exact path: "/" would stand for every path that there is not.
  routes.Add("GET", "/", [page](const http::Request& request) {
    if (request.path != "/") return http::Text(404, "there are: /, /run.json, /metrics, /livez, /readyz\n");
    return page->Document();
  });
  routes.Add("GET", "/run.json", [page](const http::Request& request) { return page->Data(request); });
}

}  // namespace drover::page
