#include "programs/drover/grading/bench_service.h"

#include <grpcpp/client_context.h>

#include <algorithm>
#include <atomic>
#include <fstream>
#include <functional>
#include <thread>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "base/file.h"
#include "base/status.h"
#include "drover/v1/verifier.grpc.pb.h"
#include "services/grading/client.h"
#include "services/grading/grade_lines.h"
#include "services/grading/grade_one.h"
#include "services/grading/grader_pool.h"
#include "services/grading/line_reader.h"
#include "services/grading/server.h"
#include "services/rpc/channel.h"
#include "services/rpc/server.h"
#include "services/rpc/status.h"

namespace drover::grading {
namespace {

constexpr size_t kGenerated = 4096;
constexpr absl::Duration kCallTimeout = absl::Minutes(2);  // of a stream, over its seconds

using Requests = std::vector<v1::GradeRequest>;

Requests Generate() {
  Requests requests(kGenerated);
  for (size_t i = 0; i < kGenerated; ++i) {
    v1::GradeRequest& request = requests[i];
    const std::string number = i % 3 == 0   ? absl::StrCat(i * 37)
                               : i % 3 == 1 ? absl::StrCat("\\frac{", i, "}{", i + 7, "}")
                                            : absl::StrCat(i, ".", i % 100);
    request.add_gold(number);
    request.set_response(absl::StrCat("So we add the two parts and find that the answer is \\boxed{",
                                      i % 2 == 0 ? number : absl::StrCat(i), "}."));
    request.set_format("boxed");
  }
  return requests;
}

absl::StatusOr<Requests> Read(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return ErrnoError(path, "open");
  LineReader reader(in);
  Requests requests;
  for (std::string text;;) {
    const absl::StatusOr<bool> more = reader.Next(&text);
    const std::string where = absl::StrCat(path, ":", reader.number());
    if (!more.ok()) return Annotate(more.status(), where);
    if (!*more) break;
    if (text.find_first_not_of(" \t\r") == std::string::npos) continue;
    auto line = ParseGradeLine(text, {});
    if (!line.ok()) return Annotate(line.status(), where);
    requests.push_back(std::move(line->request));
  }
  if (requests.empty()) return absl::InvalidArgumentError(absl::StrCat(path, ": has no lines"));
  return requests;
}

struct Measured {
  int64_t grades = 0;
  double seconds = 0;
  std::vector<double> call_ms;
};

// Runs `work(thread, until, &measured of the thread)` on so many threads, and adds up. Each does one thing at least,
// however late it gets its turn.
using Work = std::function<absl::Status(int thread, absl::Time until, Measured* measured)>;
absl::StatusOr<Measured> Measure(int threads, double seconds, const Work& work) {
  std::vector<Measured> parts(static_cast<size_t>(threads));
  std::vector<absl::Status> statuses(static_cast<size_t>(threads));
  std::vector<std::thread> running;
  const absl::Time begun = absl::Now();
  for (size_t i = 0; i < parts.size(); ++i) {
    running.emplace_back(
        [&, i] { statuses[i] = work(static_cast<int>(i), begun + absl::Seconds(seconds), &parts[i]); });
  }
  for (std::thread& thread : running) thread.join();
  Measured sum;
  sum.seconds = absl::ToDoubleSeconds(absl::Now() - begun);
  for (size_t i = 0; i < parts.size(); ++i) {
    RETURN_IF_ERROR(statuses[i]);
    sum.grades += parts[i].grades;
    sum.call_ms.insert(sum.call_ms.end(), parts[i].call_ms.begin(), parts[i].call_ms.end());
  }
  return sum;
}

absl::StatusOr<Measured> InProcess(const BenchServiceOptions& options, int threads,
                                   const Requests& requests) {
  return Measure(threads, options.seconds, [&](int thread, absl::Time until, Measured* measured) {
    size_t i = static_cast<size_t>(thread);
    do {
      GradeOne(requests[i++ % requests.size()]);
      ++measured->grades;
    } while (absl::Now() < until);
    return absl::OkStatus();
  });
}

absl::StatusOr<Measured> Unary(const BenchServiceOptions& options, const std::string& address,
                               const Requests& requests) {
  GradingClientOptions client_options;
  client_options.addresses = {address};
  client_options.batch = static_cast<size_t>(options.batch);
  GradingClient client(client_options);
  return Measure(options.callers, options.seconds, [&](int caller, absl::Time until, Measured* measured) {
    size_t begin = static_cast<size_t>(caller) * 101;
    do {
      Requests batch;
      for (size_t i = 0; i < client_options.batch; ++i) {
        batch.push_back(requests[(begin + i) % requests.size()]);
        batch.back().set_id(i);
      }
      const absl::Time sent = absl::Now();
      ASSIGN_OR_RETURN(const auto results, client.Grade(batch, until + kCallTimeout));
      measured->call_ms.push_back(absl::ToDoubleMilliseconds(absl::Now() - sent));
      measured->grades += static_cast<int64_t>(results.size());
      begin += client_options.batch;
    } while (absl::Now() < until);
    return absl::OkStatus();
  });
}

// One stream: a thread writes until the time is up, this one reads all answers.
absl::Status OneStream(v1::VerifierService::Stub& stub, const Requests& requests, size_t begin,
                       absl::Time until, Measured* measured) {
  grpc::ClientContext context;
  context.set_deadline(absl::ToChronoTime(until + kCallTimeout));
  const auto stream = stub.GradeStream(&context);
  int64_t written = 0;
  std::thread writer([&] {
    for (size_t i = begin; stream->Write(requests[i % requests.size()]); ++i) {
      ++written;
      if (absl::Now() >= until) break;
    }
    stream->WritesDone();
  });
  for (v1::GradeResult result; stream->Read(&result);) ++measured->grades;
  writer.join();
  RETURN_IF_ERROR(rpc::FromGrpc(stream->Finish()));
  if (measured->grades == written) return absl::OkStatus();
  return absl::InternalError(
      absl::StrCat("a stream of ", written, " requests got ", measured->grades, " answers"));
}

absl::StatusOr<Measured> Stream(const BenchServiceOptions& options, const std::string& address,
                                const Requests& requests) {
  const auto stub = v1::VerifierService::NewStub(rpc::MakeChannel(address));
  return Measure(options.callers, options.seconds, [&](int caller, absl::Time until, Measured* measured) {
    return OneStream(*stub, requests, static_cast<size_t>(caller) * 101, until, measured);
  });
}

nlohmann::ordered_json ToJson(Measured measured) {
  nlohmann::ordered_json json;
  json["grades_per_second"] = static_cast<double>(measured.grades) / std::max(measured.seconds, 1e-9);
  json["grades"] = measured.grades;
  if (measured.call_ms.empty()) return json;
  std::sort(measured.call_ms.begin(), measured.call_ms.end());
  const auto at = [&](double q) {
    return measured.call_ms[static_cast<size_t>(q * static_cast<double>(measured.call_ms.size() - 1))];
  };
  json["call_p50_ms"] = at(0.5);
  json["call_p99_ms"] = at(0.99);
  return json;
}

}  // namespace

absl::StatusOr<nlohmann::ordered_json> BenchService(const BenchServiceOptions& options) {
  Requests requests;
  if (options.in.empty()) {
    requests = Generate();
  } else {
    ASSIGN_OR_RETURN(requests, Read(options.in));
  }
  metrics::VerifierMetrics metrics(ReasonNames());
  GraderPool pool({.threads = options.threads}, &metrics, GradeOne);
  VerifierServer service({}, &pool, &metrics);
  ASSIGN_OR_RETURN(const auto server,
                   rpc::Server::Start({}, {{v1::VerifierService::service_full_name(), service.service()}}));
  ASSIGN_OR_RETURN(const Measured in_process, InProcess(options, pool.threads(), requests));
  ASSIGN_OR_RETURN(const Measured unary, Unary(options, server->address(), requests));
  ASSIGN_OR_RETURN(const Measured stream, Stream(options, server->address(), requests));
  nlohmann::ordered_json result;
  result["in_process"] = ToJson(in_process);
  result["unary"] = ToJson(unary);
  result["stream"] = ToJson(stream);
  result["threads"] = pool.threads();
  result["callers"] = options.callers;
  result["batch"] = options.batch;
  result["requests"] = requests.size();
  return result;
}

}  // namespace drover::grading
