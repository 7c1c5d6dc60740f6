#include "programs/drover/eval/fleet_responder.h"

#include <grpcpp/grpcpp.h>
#include <signal.h>

#include <chrono>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "base/address.h"
#include "base/file.h"
#include "base/status.h"
#include "drover/v1/run.grpc.pb.h"
#include "evaluation/records.h"
#include "programs/launch/last_words.h"
#include "programs/launch/process.h"
#include "programs/process/exit_status.h"
#include "programs/process/ports.h"
#include "recipe/text.h"
#include "services/rpc/channel.h"
#include "services/run/run_folder.h"

namespace drover::cli {
namespace {

using evaluation::Ask;
using evaluation::Response;

constexpr char kLearner[] = "learner-0";
constexpr absl::Duration kTick = absl::Milliseconds(250);
constexpr absl::Duration kOrderlyEnd = absl::Seconds(30);

// A prompt is a question whose template adds nothing.
absl::Status WriteQuestions(const std::string& path, absl::Span<const Ask> asks,
                            const std::map<std::string, std::vector<std::string>>& golds) {
  std::string lines;
  for (const Ask& ask : asks) {
    if (ask.prompt.empty()) {
      return absl::InvalidArgumentError(
          absl::StrCat(ask.id, ": the question is a chat that nobody wrote down"));
    }
    const nlohmann::ordered_json line = {{"problem", ask.prompt}, {"answer", golds.at(ask.id)}};
    absl::StrAppend(&lines, line.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace), "\n");
  }
  return WriteFileAtomically(path, lines);
}

// The learner of one call, and what is known of it.
class Learner {
 public:
  Learner(const FleetOptions& options, const run::RunFolder& folder) : options_(options), folder_(folder) {}

  absl::Status Start() {
    std::vector<std::string> argv = {options_.program,
                                     "--run",
                                     folder_.path(),
                                     "--listen",
                                     options_.listen,
                                     "--threads",
                                     absl::StrCat(options_.threads),
                                     "--log-file",
                                     folder_.log(kLearner),
                                     "--port-file",
                                     folder_.port_file(kLearner)};
    ASSIGN_OR_RETURN(process_, launch::Process::Start({.name = kLearner,
                                                       .argv = std::move(argv),
                                                       .environment = launch::PatientThreads(),
                                                       .output_file = folder_.log("learner-0.out")}));
    return absl::OkStatus();
  }

  // How it ended; unset while it runs.
  std::optional<launch::Exit> Poll() {
    if (!stub_) FindAddress();
    if (stub_) AskState();
    return process_->Poll();
  }

  void StopInOrder() {
    process_->Signal(SIGTERM);
    process_->Wait(kOrderlyEnd);
  }

  absl::Status DiedOf(const launch::Exit& exit) const {
    const std::string words = launch::LastWords(folder_.log(kLearner), folder_.log("learner-0.out"));
    const std::string why = absl::StrCat("drover-learner ", exit.ToString(), "; its last words:\n", words);
    return exit.code == process::kExitConfiguration ? absl::InvalidArgumentError(why)
                                                    : absl::InternalError(why);
  }

 private:
  void FindAddress() {
    const auto ports = process::ReadPorts(folder_.port_file(kLearner));
    const auto listen = ParseHostPort(options_.listen);
    if (!ports.ok() || !listen.ok()) return;
    const bool everywhere = listen->host == "0.0.0.0" || listen->host == "::" || listen->host.empty();
    const bool brackets = listen->host.find(':') != std::string::npos;
    const std::string host = brackets ? absl::StrCat("[", listen->host, "]") : listen->host;
    stub_ = v1::RunService::NewStub(
        rpc::MakeChannel(absl::StrCat(everywhere ? "localhost" : host, ":", ports->grpc)));
    options_.said(absl::StrCat("actors take part with: drover-actor --learner ", everywhere ? "HOST" : host,
                               ":", ports->grpc, " --verifier ADDRESSES"));
  }

  void AskState() {
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + std::chrono::milliseconds(500));
    v1::RunState state;
    if (!stub_->GetRun(&context, {}, &state).ok() || state.phase() != v1::RUN_PHASE_EVALUATING) return;
    options_.progress(
        {.answered = state.phase_done(), .asked = state.phase_total(), .actors = state.actors()});
  }

  const FleetOptions& options_;
  const run::RunFolder& folder_;
  std::optional<launch::Process> process_;
  std::unique_ptr<v1::RunService::Stub> stub_;
};

// The records of the learner are in the order of the asks.
absl::Status HandOver(const std::string& path, absl::Span<const Ask> asks,
                      const evaluation::Responder::Answered& answered) {
  size_t next = 0;
  const auto hand_over = [&](evaluation::QuestionRecord record) -> absl::Status {
    if (next == asks.size() || record.responses.size() != asks[next].n ||
        record.prompt != asks[next].prompt) {
      return absl::DataLossError(absl::StrCat(path, ": record ", next, " is not of what was asked"));
    }
    std::vector<Response> responses;
    for (evaluation::GradedResponse& graded : record.responses) {
      responses.push_back(std::move(graded.response));
    }
    return answered(asks[next++], std::move(responses));
  };
  RETURN_IF_ERROR(evaluation::ReadRecords(path, hand_over).status());
  if (next == asks.size()) return absl::OkStatus();
  return absl::DataLossError(absl::StrCat(path, " has ", next, " of ", asks.size(), " records"));
}

}  // namespace

absl::Status FleetResponder::Respond(absl::Span<const Ask> asks, const evaluation::Sampling& sampling,
                                     const Answered& answered, const std::atomic<bool>& stop) {
  RETURN_IF_ERROR(evaluation::CheckAsks(asks));
  const run::RunFolder folder(options_.folder);
  std::error_code failed;
  std::filesystem::remove_all(folder.path(), failed);
  if (failed) return absl::InternalError(absl::StrCat(folder.path(), ": ", failed.message()));
  RETURN_IF_ERROR(folder.Create());
  const std::string questions = folder.path() + "/questions.jsonl";
  RETURN_IF_ERROR(WriteQuestions(questions, asks, options_.golds));
  ASSIGN_OR_RETURN(const v1::Recipe recipe, FleetRecipe(options_.model, questions, asks, sampling));
  RETURN_IF_ERROR(WriteFileAtomically(folder.recipe(), recipe::ToText(recipe)));
  Learner learner(options_, folder);
  RETURN_IF_ERROR(learner.Start());
  while (true) {
    if (const auto exit = learner.Poll()) {
      if (!exit->ok()) return learner.DiedOf(*exit);
      return HandOver(folder.benchmark_responses(0), asks, answered);
    }
    if (stop) {
      learner.StopInOrder();
      return absl::CancelledError("stopped");
    }
    absl::SleepFor(kTick);
  }
}

std::string FleetResponder::Describe() const {
  return std::filesystem::path(options_.model.model + "/.").lexically_normal().parent_path().string();
}

}  // namespace drover::cli
