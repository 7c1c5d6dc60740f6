// Verifier processes under load, and the commands that grade.
#include <gmock/gmock.h>
#include <grpcpp/client_context.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <atomic>
#include <thread>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "base/file.h"
#include "drover/v1/verifier.grpc.pb.h"
#include "programs/launch/process.h"
#include "programs/process/ports.h"
#include "services/grading/client.h"
#include "services/http/testing/client.h"
#include "services/rpc/channel.h"
#include "services/rpc/testing/health.h"
#include "tests/system/run_fixture.h"

namespace drover::system_test {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

struct Verifier {
  launch::Process process;
  process::Ports ports;
  std::string address() const { return absl::StrCat("127.0.0.1:", ports.grpc); }
};

Verifier StartVerifier(const std::string& name, const std::vector<std::string>& flags = {}) {
  const std::string ports = absl::StrCat(TestFolder(), "/", name, ".ports");
  std::vector<std::string> argv = {Program("drover-verifier"), "--threads", "1", "--port-file", ports};
  argv.insert(argv.end(), flags.begin(), flags.end());
  auto process = launch::Process::Start({.name = name,
                                         .argv = argv,
                                         .environment = {},
                                         .output_file = absl::StrCat(TestFolder(), "/", name, ".log")});
  EXPECT_TRUE(process.ok()) << process.status();
  EXPECT_TRUE(Eventually(absl::Seconds(60), [&] { return process::ReadPorts(ports).ok(); })) << name;
  return {std::move(*process), process::ReadPorts(ports).value_or(process::Ports())};
}

absl::Time In(absl::Duration d) { return absl::Now() + d; }

// Half of them right, in another writing than the gold's.
constexpr size_t kBatch = 32;
std::vector<v1::GradeRequest> Batch(uint64_t first) {
  std::vector<v1::GradeRequest> requests(kBatch);
  for (size_t i = 0; i < kBatch; ++i) {
    const uint64_t n = first + i;
    requests[i].set_id(n);
    requests[i].set_format("boxed");
    requests[i].add_gold(absl::StrCat("\\frac{", n, "}{2}"));
    requests[i].set_response(
        absl::StrCat("so \\boxed{", n / 2, n % 2 == 0 ? "" : ".5", n % 4 < 2 ? "" : "1", "}"));
  }
  return requests;
}
// 7/2 against 3.51 and 4/2 against 21 are wrong.
double RewardOf(uint64_t n) { return n % 4 < 2 ? 1 : 0; }

void ExpectRight(const std::vector<v1::GradeRequest>& requests, const std::vector<v1::GradeResult>& results) {
  ASSERT_EQ(results.size(), requests.size());
  for (size_t i = 0; i < results.size(); ++i) {
    EXPECT_EQ(results[i].id(), requests[i].id());
    EXPECT_EQ(results[i].reward(), RewardOf(results[i].id())) << requests[i].ShortDebugString();
  }
}

// One of three is killed and one stopped while thousands of grades are under way: every one is answered, once and right.
TEST(GradingTest, EveryGradeIsAnsweredThoughVerifiersDieAndHang) {
  constexpr int kCallers = 8, kCalls = 100;
  Verifier killed = StartVerifier("killed"), hangs = StartVerifier("hangs"), works = StartVerifier("works");
  prometheus::Registry registry;
  metrics::GradingClientMetrics metrics(registry);
  grading::GradingClientOptions options;
  options.addresses = {killed.address(), hangs.address(), works.address()};
  grading::GradingClient client(options, &metrics);
  std::atomic<int> calls = 0;
  std::vector<std::thread> callers;
  for (int caller = 0; caller < kCallers; ++caller) {
    callers.emplace_back([&, caller] {
      for (uint64_t call = 0; call < kCalls; ++call) {
        const auto requests = Batch((static_cast<uint64_t>(caller) * kCalls + call) * kBatch);
        // Far off: a client that waited for what hangs would run into it.
        const auto results = client.Grade(requests, In(absl::Seconds(100)));
        ASSERT_TRUE(results.ok()) << results.status();
        ExpectRight(requests, *results);
        ++calls;
      }
    });
  }
  while (calls < kCallers * kCalls / 4) absl::SleepFor(absl::Milliseconds(1));
  killed.process.Signal(SIGKILL);
  while (calls < kCallers * kCalls / 2) absl::SleepFor(absl::Milliseconds(1));
  hangs.process.Signal(SIGSTOP);
  for (std::thread& caller : callers) caller.join();
  EXPECT_EQ(calls, kCallers * kCalls);
  EXPECT_EQ(metrics.responses.Value(), kCallers * kCalls * kBatch);
  EXPECT_GE(metrics.hedges_won.Value(), 1);

  // What hung goes on and ends in order.
  hangs.process.Signal(SIGCONT);
  for (Verifier* verifier : {&hangs, &works}) {
    verifier->process.Signal(SIGTERM);
    const auto exit = verifier->process.Wait(absl::Seconds(60));
    ASSERT_TRUE(exit.has_value());
    EXPECT_TRUE(exit->ok()) << exit->ToString();
  }
}

// SIGTERM: not ready and not serving, streams end in order, the call in flight is finished, status 0.
TEST(GradingTest, ADrainFinishesWhatIsInFlight) {
  Verifier verifier = StartVerifier("verifier", {"--drain-seconds", "60"});
  const auto stub = v1::VerifierService::NewStub(rpc::MakeChannel(verifier.address()));
  grpc::ClientContext stream_context;
  const auto stream = stub->GradeStream(&stream_context);
  ASSERT_TRUE(stream->Write(Batch(0)[0]));
  v1::GradeResult result;
  ASSERT_TRUE(stream->Read(&result));
  auto health = std::make_unique<rpc::HealthWatch>(rpc::MakeChannel(verifier.address()));
  EXPECT_EQ(health->Next(), rpc::Health::kServing);

  // Long sums: one thread grades them for about a second.
  v1::GradeBatchRequest heavy;
  for (uint64_t id = 0; id < 200; ++id) {
    v1::GradeRequest* request = heavy.add_requests();
    request->set_id(id);
    request->add_gold("50001");
    request->set_already_extracted(true);
    std::string& sum = *request->mutable_response();
    for (int i = 0; i < 50'000; ++i) sum += "1+";
    sum += "1";
  }
  v1::GradeBatchResponse graded;
  grpc::Status status;
  std::thread caller([&] {
    grpc::ClientContext context;
    context.set_deadline(absl::ToChronoTime(In(absl::Seconds(120))));
    status = stub->Grade(&context, heavy, &graded);
  });
  const auto value = [&](const std::string& name) {
    const std::string body = http::Get(verifier.ports.metrics, "/metrics").body;
    const size_t at = body.find("\n" + name + " ");
    return at == std::string::npos ? -1 : std::atof(body.c_str() + at + name.size() + 2);
  };
  ASSERT_TRUE(Eventually(absl::Seconds(60), [&] { return value("drover_verifier_queue_grades") > 100; }));
  EXPECT_EQ(http::Get(verifier.ports.metrics, "/readyz").code, 200);
  verifier.process.Signal(SIGTERM);
  EXPECT_TRUE(Eventually(absl::Seconds(60),
                         [&] { return http::Get(verifier.ports.metrics, "/readyz").code == 503; }));
  EXPECT_EQ(http::Get(verifier.ports.metrics, "/livez").code, 200);
  EXPECT_EQ(health->Next(), rpc::Health::kNotServing);
  health.reset();  // a call in flight, for which the drain would wait
  EXPECT_FALSE(stream->Read(&result));
  EXPECT_EQ(stream->Finish().error_code(), grpc::StatusCode::UNAVAILABLE);
  caller.join();
  EXPECT_TRUE(status.ok()) << status.error_message();
  ASSERT_EQ(graded.results_size(), 200);
  for (const v1::GradeResult& one : graded.results()) EXPECT_EQ(one.reward(), 1) << one.reason();
  const auto exit = verifier.process.Wait(absl::Seconds(60));
  ASSERT_TRUE(exit.has_value());
  EXPECT_TRUE(exit->ok()) << exit->ToString();
}

TEST(GradingTest, FilesThroughACommandAndThroughVerifiers) {
  std::string lines;
  for (int i = 0; i < 300; ++i) {
    lines +=
        absl::StrCat("{\"id\":", i, ",\"gold\":\"", i, "/2\",\"response\":\"\\\\boxed{", i / 2.0, "}\"}\n");
  }
  const Answer piped = Drover({"grade", "--in", "-", "--out", "-"}, lines);
  EXPECT_EQ(piped.status, 0) << piped.errors;
  EXPECT_EQ(piped.errors, "");  // no terminal: no progress
  EXPECT_THAT(piped.output, StartsWith("{\"id\":0,\"reward\":1,"));
  EXPECT_EQ(std::count(piped.output.begin(), piped.output.end(), '\n'), 300);
  const Verifier a = StartVerifier("a"), b = StartVerifier("b");
  const Answer served = Drover(
      {"grade", "--in", "-", "--out", "-", "--verifier", absl::StrCat(a.address(), ",", b.address())}, lines);
  EXPECT_EQ(served.status, 0) << served.errors;
  EXPECT_EQ(served.output, piped.output);

  const Answer bad = Drover({"grade", "--in", "-", "--out", "-"}, lines + "{\"gold\":\"1\"}\n");
  EXPECT_EQ(bad.status, 2);
  EXPECT_EQ(bad.output, "");
  EXPECT_THAT(bad.errors, StartsWith("drover: -:301: exactly one of"));
  EXPECT_EQ(Drover({"grade", "--in", "-", "--out", "-", "--grader", "nope"}, lines).status, 2);
  EXPECT_EQ(Drover({"grade", "--in", "-", "--out", "-", "--verifier", "nowhere"}, lines).status, 2);
}

TEST(GradingTest, ExplainGrade) {
  const Answer told = Drover({"explain-grade", "--gold", "\\sqrt{8}", "--answer", "2\\sqrt{2}"});
  EXPECT_EQ(told.status, 0) << told.errors;
  EXPECT_THAT(told.output, StartsWith("equal_exact: reward 1\n"));
  EXPECT_THAT(told.output, HasSubstr("normal form"));
  const Answer response = Drover(
      {"explain-grade", "--gold", "4", "--response-file", "-", "--format", "plain"}, "the answer is 5");
  EXPECT_THAT(response.output, StartsWith("different: reward 0\n"));
  EXPECT_EQ(Drover({"explain-grade", "--gold", "4"}).status, 2);
  EXPECT_EQ(Drover({"explain-grade", "--in", "/no/such/file", "--id", "1"}).status, 2);
}

TEST(GradingTest, BenchVerify) {
  const std::string path = TestFolder() + "/cases.jsonl";
  ASSERT_TRUE(WriteFileAtomically(
                  path, R"({"id":"a","gold":"5","pred":"5.0","expected":true,"kind":"k","class":"math"}
{"id":"b","gold":"5","response":"\\boxed{6}","expected":true,"kind":"wrong"}
{"id":"c","gold":"5","answer":"5"}
)")
                  .ok());
  const Answer json = Drover({"bench", "verify", "--in", path, "--seconds", "0.1", "--json"});
  EXPECT_EQ(json.status, 0) << json.errors;
  const Json result = Json::parse(json.output, nullptr, /*allow_exceptions=*/false);
  ASSERT_TRUE(result.is_object()) << json.output;
  for (const Json& timing : {result["single"], result["all"], result["kinds"]["math/k"]}) {
    for (const char* key : {"grades_per_second", "p50_ms", "p99_ms", "max_ms"}) {
      EXPECT_GT(timing.value(key, 0.0), 0) << key;
    }
  }
  EXPECT_EQ(result["total"]["false_negatives"], 1);
  const Answer text = Drover({"bench", "verify", "--in", path, "--seconds", "0", "--kinds"});
  EXPECT_THAT(text.output, StartsWith("FN wrong b | 5 | 6 | different\n2 cases: 1 right"));
  EXPECT_THAT(text.output, HasSubstr("math/k"));
  ASSERT_TRUE(WriteFileAtomically(path, "{}\n").ok());
  const Answer bad = Drover({"bench", "verify", "--in", path, "--json"});
  EXPECT_EQ(bad.status, 2);
  EXPECT_EQ(bad.output, "");
  EXPECT_THAT(bad.errors, HasSubstr(path + ":1: \"gold\" is missing"));
  EXPECT_EQ(Drover({"bench", "verify"}).status, 2);
  EXPECT_EQ(Drover({"bench", "nothing"}).status, 2);
}

}  // namespace
}  // namespace drover::system_test
