#include "programs/drover/study/weights.h"

#include <set>

#include "absl/strings/str_cat.h"
#include "base/file.h"
#include "base/status.h"
#include "programs/launch/last_words.h"
#include "programs/launch/process.h"
#include "services/run/jsonl.h"

namespace drover::study_command {
namespace {

using nlohmann::ordered_json;

constexpr absl::Duration kPatience = absl::Minutes(5);

std::string Lines(const v1::Study& study) {
  std::string lines;
  for (const v1::StudyGroup& group : study.groups()) {
    const ordered_json line = {
        {"id", group.name()},
        {"rewards", std::vector<double>(group.rewards().begin(), group.rewards().end())},
        {"lengths", std::vector<uint32_t>(group.lengths().begin(), group.lengths().end())}};
    absl::StrAppend(&lines, run::ToLine(line), "\n");
  }
  return lines;
}

std::vector<std::string> Command(const std::string& program, const std::string& in, const std::string& out,
                                 const v1::Recipe& recipe) {
  std::vector<std::string> command = {program,    "token-weights",
                                      "--in",     in,
                                      "--out",    out,
                                      "--budget", absl::StrCat(recipe.rollout().max_response_tokens())};
  if (recipe.advantage().normalize_std()) command.push_back("--normalize-std");
  if (recipe.loss().aggregation() == v1::RESPONSE_LENGTH) command.push_back("--response-length");
  return command;
}

absl::Status RunToItsEnd(std::vector<std::string> command, const std::string& log) {
  const std::string program = command[0];
  ASSIGN_OR_RETURN(launch::Process process, launch::Process::Start({.name = program,
                                                                    .argv = std::move(command),
                                                                    .environment = launch::PatientThreads(),
                                                                    .output_file = log}));
  const auto exit = process.Wait(kPatience);
  if (exit.has_value() && exit->ok()) return absl::OkStatus();
  return absl::InternalError(absl::StrCat(program, " ", exit.has_value() ? exit->ToString() : "did not end",
                                          ":\n", launch::LastWords("", log)));
}

absl::StatusOr<study::WeightsByGroup> ReadWeights(const std::string& file, const v1::Study& study) {
  ASSIGN_OR_RETURN(const std::vector<ordered_json> lines, run::ReadJsonl(file));
  study::WeightsByGroup weights;
  for (const ordered_json& line : lines) {
    weights[line.value("id", "")] = {line.value("advantages", std::vector<double>()),
                                     line.value("token_weights", std::vector<double>())};
  }
  for (const v1::StudyGroup& group : study.groups()) {
    const auto found = weights.find(group.name());
    const auto size = static_cast<size_t>(group.rewards_size());
    if (found != weights.end() && found->second.token_weights.size() == size &&
        found->second.advantages.size() == size)
      continue;
    return absl::InternalError(absl::StrCat(file, " lacks the weights of group ", group.name()));
  }
  return weights;
}

}  // namespace

absl::StatusOr<std::map<std::string, study::WeightsByGroup>> AskWeights(const std::string& program,
                                                                        const StudyFolder& folder,
                                                                        const v1::Study& study,
                                                                        const study::Extent& extent) {
  std::set<std::string> asked;
  for (const v1::WeightClaim& claim : study.weight_claims()) asked.insert(claim.arm());
  std::map<std::string, study::WeightsByGroup> weights;
  if (asked.empty()) return weights;
  const std::string in = folder.path("weights-groups.jsonl");
  RETURN_IF_ERROR(WriteFileAtomically(in, Lines(study)));
  for (int arm = 0; arm < study.arms_size(); ++arm) {
    const std::string& name = study.arms(arm).name();
    if (!asked.contains(name)) continue;
    ASSIGN_OR_RETURN(const v1::Recipe recipe, study::ArmRecipe(study, extent, arm));
    const std::string out = folder.path(absl::StrCat("weights-", name, ".jsonl"));
    RETURN_IF_ERROR(RunToItsEnd(Command(program, in, out, recipe), folder.path("weights.out.log")));
    ASSIGN_OR_RETURN(weights[name], ReadWeights(out, study));
  }
  return weights;
}

}  // namespace drover::study_command
