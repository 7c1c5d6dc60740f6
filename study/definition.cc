#include "study/definition.h"

#include <algorithm>
#include <filesystem>
#include <set>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "base/file.h"
#include "base/status.h"
#include "google/protobuf/io/tokenizer.h"
#include "google/protobuf/text_format.h"
#include "recipe/load.h"
#include "recipe/nearest.h"
#include "recipe/shipped.h"

namespace drover::study {
namespace {

namespace fs = std::filesystem;

constexpr char kExtension[] = ".textproto";
constexpr uint64_t kMaxStudyBytes = uint64_t{1} << 20;
constexpr char kBase[] = "{base}";

class FirstError : public google::protobuf::io::ErrorCollector {
 public:
  void AddError(int line, int column, const std::string& text) override {
    if (first.empty()) first = absl::StrCat("line ", line + 1, ", column ", column + 1, ": ", text);
  }
  std::string first;
};

absl::Status Wrong(const std::string& what) { return absl::InvalidArgumentError(what); }

absl::Status CheckResponses(const v1::Study& study, const v1::StudyResponses& responses,
                            const std::string& claim) {
  for (const v1::StudyGroup& group : study.groups()) {
    if (group.name() != responses.group()) continue;
    for (const uint32_t response : responses.responses()) {
      if (response < static_cast<uint32_t>(group.rewards_size())) continue;
      return Wrong(
          absl::StrCat("weight_claims: ", claim, ": group ", group.name(), " has no response ", response));
    }
    return absl::OkStatus();
  }
  return Wrong(absl::StrCat("weight_claims: ", claim, ": there is no group `", responses.group(), "`"));
}

absl::Status CheckGroups(const v1::Study& study) {
  for (const v1::StudyGroup& group : study.groups()) {
    const bool positive =
        std::all_of(group.lengths().begin(), group.lengths().end(), [](uint32_t n) { return n > 0; });
    if (group.rewards_size() >= 2 && group.rewards_size() == group.lengths_size() && positive) continue;
    return Wrong(absl::StrCat("groups: ", group.name(), " has ", group.rewards_size(), " rewards and ",
                              group.lengths_size(),
                              " lengths; they must be as many, at least two, lengths above 0"));
  }
  return absl::OkStatus();
}

absl::Status CheckScale(const char* name, const v1::StudyScale& scale) {
  if (scale.seeds() >= 2) return absl::OkStatus();
  return Wrong(
      absl::StrCat(name, ".seeds: got ", scale.seeds(), ", must be at least 2: one run shows no spread"));
}

class Checker {
 public:
  explicit Checker(const v1::Study& study) : study_(study) {}

  absl::Status Check() {
    if (study_.title().empty() || study_.recipe().empty()) return Wrong("title and recipe must be given");
    if (!(study_.alpha() > 0 && study_.alpha() < 1)) {
      return Wrong(absl::StrCat("alpha: got ", study_.alpha(), ", must be above 0 and below 1"));
    }
    RETURN_IF_ERROR(CheckArms());
    RETURN_IF_ERROR(CheckScale("full", study_.full()));
    RETURN_IF_ERROR(CheckScale("quick", study_.quick()));
    RETURN_IF_ERROR(CheckGroups(study_));
    for (const v1::WeightClaim& claim : study_.weight_claims()) RETURN_IF_ERROR(CheckWeightClaim(claim));
    for (const v1::RunClaim& claim : study_.run_claims()) RETURN_IF_ERROR(CheckRunClaim(claim));
    if (claims_.empty()) return Wrong("there is no claim");
    return absl::OkStatus();
  }

 private:
  absl::Status CheckArms() {
    for (const v1::StudyArm& arm : study_.arms()) {
      const bool plain =
          !arm.name().empty() && arm.name().find('/') == std::string::npos && arm.name() != "base";
      if (!plain) return Wrong(absl::StrCat("arms: `", arm.name(), "` cannot be an arm's name"));
      if (!arms_.insert(arm.name()).second)
        return Wrong(absl::StrCat("arms: ", arm.name(), " is there twice"));
    }
    return arms_.empty() ? Wrong("there is no arm") : absl::OkStatus();
  }

  absl::Status CheckClaim(const std::string& name, v1::StudyExpectation expect, double counts) {
    if (name.empty() || !claims_.insert(name).second)
      return Wrong(absl::StrCat("claims: the name `", name, "` is empty or there twice"));
    if (expect == v1::STUDY_EXPECTATION_UNSPECIFIED)
      return Wrong(absl::StrCat("claims: ", name, ": expect is missing"));
    if (counts > 0) return absl::OkStatus();
    return Wrong(absl::StrCat("claims: ", name, ": counts: got ", counts, ", must be above 0"));
  }

  absl::Status CheckArm(const std::string& claim, const std::string& arm) const {
    return arms_.contains(arm) ? absl::OkStatus()
                               : Wrong(absl::StrCat("claims: ", claim, ": there is no arm `", arm, "`"));
  }

  absl::Status CheckWeightClaim(const v1::WeightClaim& claim) {
    RETURN_IF_ERROR(CheckClaim(claim.name(), claim.expect(), claim.counts()));
    RETURN_IF_ERROR(CheckArm(claim.name(), claim.arm()));
    RETURN_IF_ERROR(CheckResponses(study_, claim.first(), claim.name()));
    return CheckResponses(study_, claim.second(), claim.name());
  }

  absl::Status CheckRunClaim(const v1::RunClaim& claim) {
    RETURN_IF_ERROR(CheckClaim(claim.name(), claim.expect(), claim.counts()));
    if (claim.measure() == v1::STUDY_MEASURE_UNSPECIFIED || claim.terms().empty()) {
      return Wrong(absl::StrCat("claims: ", claim.name(), ": measure or terms are missing"));
    }
    for (const v1::StudyTerm& term : claim.terms()) RETURN_IF_ERROR(CheckArm(claim.name(), term.arm()));
    return absl::OkStatus();
  }

  const v1::Study& study_;
  std::set<std::string> arms_, claims_;
};

absl::StatusOr<Definition> ReadStudy(const fs::path& path) {
  ASSIGN_OR_RETURN(const std::string text, ReadFile(path.string(), kMaxStudyBytes));
  auto study = ParseStudy(text);
  if (!study.ok()) return Annotate(study.status(), path.string());
  return Definition{path.stem().string(), *std::move(study)};
}

absl::StatusOr<std::string> StudiesFolder() {
  ASSIGN_OR_RETURN(const std::string recipes, recipe::RecipesFolder());
  return recipes + "/studies";
}

bool IsFile(const fs::path& path) {
  std::error_code ignored;
  return fs::is_regular_file(path, ignored);
}

template <typename Texts>
void Append(const Texts& texts, std::vector<std::string>& all) {
  all.insert(all.end(), texts.begin(), texts.end());
}

// Of an arm (or -1, the base run) with one seed, later ones winning.
std::vector<std::string> Overrides(const v1::Study& study, const Extent& extent, int arm, uint32_t seed) {
  std::vector<std::string> overrides;
  Append(study.set(), overrides);
  Append(extent.Scale(study).set(), overrides);
  if (!extent.model.empty()) {
    Append(study.model_set(), overrides);
    overrides.push_back(absl::StrCat("model.path=", extent.model));
    overrides.push_back("pretrain.batches=0");
  } else if (arm >= 0 && study.base_set_size() > 0) {
    overrides.push_back(absl::StrCat("model.path=", kBase));
    overrides.push_back("pretrain.batches=0");
  }
  if (arm < 0) {
    Append(study.base_set(), overrides);
  } else {
    Append(study.arms(arm).set(), overrides);
  }
  overrides.push_back(absl::StrCat("run.seed=", seed));
  return overrides;
}

absl::StatusOr<v1::Recipe> Load(const v1::Study& study, const std::vector<std::string>& overrides) {
  recipe::ValidateOptions options;
  options.check_files = false;
  return recipe::LoadRecipe(study.recipe(), overrides, options);
}

absl::StatusOr<PlannedRun> Plan(const v1::Study& study, const Extent& extent, int arm, uint32_t seed) {
  PlannedRun run;
  run.name = absl::StrCat(arm < 0 ? "base" : study.arms(arm).name(), "-seed", seed);
  run.arm = arm;
  run.seed = seed;
  run.overrides = Overrides(study, extent, arm, seed);
  run.needs_base = std::any_of(run.overrides.begin(), run.overrides.end(),
                               [](const std::string& text) { return absl::StrContains(text, kBase); });
  const auto recipe = Load(study, run.overrides);
  if (!recipe.ok()) return Annotate(recipe.status(), run.name);
  run.rollouts = recipe->run().steps();
  return run;
}

}  // namespace

absl::StatusOr<v1::Study> ParseStudy(std::string_view text) {
  v1::Study study;
  FirstError error;
  google::protobuf::TextFormat::Parser parser;
  parser.RecordErrorsTo(&error);
  if (!parser.ParseFromString(std::string(text), &study)) return Wrong(error.first);
  RETURN_IF_ERROR(Checker(study).Check());
  return study;
}

absl::StatusOr<Definition> FindStudy(const std::string& name_or_file) {
  if (absl::StrContains(name_or_file, '/') || absl::EndsWith(name_or_file, kExtension)) {
    if (IsFile(name_or_file)) return ReadStudy(name_or_file);
    return absl::NotFoundError(absl::StrCat("study ", name_or_file, ": there is no such file"));
  }
  ASSIGN_OR_RETURN(const std::string folder, StudiesFolder());
  const fs::path path = fs::path(folder) / absl::StrCat(name_or_file, kExtension);
  if (!name_or_file.empty() && IsFile(path)) return ReadStudy(path);
  ASSIGN_OR_RETURN(const std::vector<Definition> shipped, ListStudies());
  std::vector<std::string> names;
  for (const Definition& definition : shipped) names.push_back(definition.name);
  const std::string near = recipe::Nearest(name_or_file, names);
  return absl::NotFoundError(absl::StrCat("study `", name_or_file, "` is not one of those that ship",
                                          near.empty() ? "" : absl::StrCat("; did you mean ", near, "?"),
                                          near.empty() ? "; they are " : " They are ",
                                          absl::StrJoin(names, ", ")));
}

absl::StatusOr<std::vector<Definition>> ListStudies() {
  ASSIGN_OR_RETURN(const std::string folder, StudiesFolder());
  ASSIGN_OR_RETURN(const std::vector<FolderEntry> entries, PosixFileSystem()->List(folder));
  std::vector<Definition> studies;
  for (const FolderEntry& entry : entries) {
    if (!absl::EndsWith(entry.name, kExtension)) continue;
    ASSIGN_OR_RETURN(Definition definition, ReadStudy(fs::path(folder) / entry.name));
    studies.push_back(std::move(definition));
  }
  return studies;
}

absl::StatusOr<std::vector<PlannedRun>> PlanRuns(const v1::Study& study, const Extent& extent) {
  std::vector<PlannedRun> runs;
  for (uint32_t seed = 1; seed <= extent.Seeds(study); ++seed) {
    const bool base = extent.model.empty() && study.base_set_size() > 0;
    for (int arm = base ? -1 : 0; arm < study.arms_size(); ++arm) {
      ASSIGN_OR_RETURN(PlannedRun run, Plan(study, extent, arm, seed));
      runs.push_back(std::move(run));
    }
  }
  return runs;
}

absl::StatusOr<v1::Recipe> ArmRecipe(const v1::Study& study, const Extent& extent, int arm) {
  return Load(study, Overrides(study, extent, arm, 1));
}

std::vector<std::string> WithBase(const std::vector<std::string>& overrides, const std::string& base) {
  std::vector<std::string> replaced = overrides;
  for (std::string& text : replaced) absl::StrReplaceAll({{kBase, base}}, &text);
  return replaced;
}

}  // namespace drover::study
