#include "services/page/run_data.h"

#include <google/protobuf/io/tokenizer.h>
#include <google/protobuf/text_format.h>

#include <filesystem>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/file.h"
#include "base/status.h"
#include "drover/v1/recipe.pb.h"
#include "services/page/columns.h"
#include "services/page/lines.h"
#include "services/page/recipe_fields.h"

namespace drover::page {
namespace {

using Json = nlohmann::ordered_json;

constexpr uint64_t kMaxLine = uint64_t{1} << 20;   // a line of numbers
constexpr uint64_t kMaxHead = uint64_t{16} << 20;  // a recipe, a summary

std::string NameOf(const run::RunFolder& folder) {
  std::filesystem::path path = std::filesystem::path(folder.path()).lexically_normal();
  if (path.filename().empty()) path = path.parent_path();
  return path.filename() == "." || path.filename().empty() ? folder.path() : path.filename().string();
}

// Another version's recipe may have fields that this one does not know: then it has no fields to show.
Json ReadRecipe(const run::RunFolder& folder) {
  const auto text = ReadFile(folder.recipe(), kMaxHead, folder.files());
  v1::Recipe recipe;
  google::protobuf::TextFormat::Parser parser;
  parser.AllowUnknownField(true);
  struct Silent final : google::protobuf::io::ErrorCollector {
    void AddError(int /*line*/, int /*column*/, const std::string& /*message*/) override {}
  } silent;
  parser.RecordErrorsTo(&silent);
  if (!text.ok() || !parser.ParseFromString(*text, &recipe)) return Json::object();
  return RecipeFields(recipe);
}

absl::StatusOr<Json> ReadColumns(const run::RunFolder& folder, const std::string& path, size_t max_points,
                                 const char* what, Json* notes) {
  Columns columns(max_points);
  uint64_t broken = 0;
  RETURN_IF_ERROR(ForEachLine(folder.files(), path, 0, kMaxLine, [&](const Line& line) {
    const Json object = Json::parse(line.text, nullptr, /*allow_exceptions=*/false);
    broken += object.is_object() ? 0 : 1;
    columns.Add(object);
    return absl::OkStatus();
  }));
  if (broken > 0) {
    notes->push_back(absl::StrCat(broken, broken == 1 ? " line of the " : " lines of the ", what,
                                  broken == 1 ? " is" : " are", " no JSON object and passed over."));
  }
  if (columns.stride() > 1) {
    notes->push_back(absl::StrCat("Of ", columns.lines(), " ", what, " one of every ", columns.stride(),
                                  " is shown, and the newest."));
  }
  return columns.ToJson();
}

absl::Status CheckFolder(const run::RunFolder& folder) {
  ASSIGN_OR_RETURN(const bool there, folder.files()->Exists(folder.path()));
  if (!there) return absl::NotFoundError(absl::StrCat(folder.path(), ": no folder is there"));
  for (const std::string& path : {folder.recipe(), folder.metrics()}) {
    ASSIGN_OR_RETURN(const bool has, folder.files()->Exists(path));
    if (has) return absl::OkStatus();
  }
  return absl::InvalidArgumentError(absl::StrCat(
      folder.path(), ": this is no run folder: it has neither recipe.textproto nor metrics.jsonl"));
}

void AddSampleNotes(const Samples& samples, const SampleLimits& limits, Json* notes) {
  if (samples.groups.size() < samples.groups_in_file) {
    notes->push_back(absl::StrCat("Of ", samples.groups_in_file, " sampled groups ", samples.groups.size(),
                                  " are shown, spread over the run: the page takes ", limits.max_bytes >> 20,
                                  " MiB of them. samples.jsonl has all."));
  }
  if (samples.cut_texts > 0) {
    notes->push_back(absl::StrCat("Of texts longer than ", limits.max_text_bytes >> 10, " KiB (",
                                  samples.cut_texts, ") the beginning is shown."));
  }
}

}  // namespace

absl::StatusOr<Json> ReadHead(const run::RunFolder& folder) {
  RETURN_IF_ERROR(CheckFolder(folder));
  const auto summary = ReadFile(folder.summary(), kMaxHead, folder.files());
  Json parsed = Json::parse(summary.value_or(""), nullptr, /*allow_exceptions=*/false);
  return Json({{"name", NameOf(folder)},
               {"recipe", ReadRecipe(folder)},
               {"summary", parsed.is_object() ? std::move(parsed) : Json()}});
}

absl::StatusOr<Json> ReadRun(const run::RunFolder& folder, const RunLimits& limits) {
  ASSIGN_OR_RETURN(Json run, ReadHead(folder));
  Json notes = Json::array();
  ASSIGN_OR_RETURN(run["metrics"], ReadColumns(folder, folder.metrics(), limits.max_points, "steps", &notes));
  ASSIGN_OR_RETURN(run["evaluations"],
                   ReadColumns(folder, folder.evaluations(), limits.max_points, "evaluations", &notes));
  ASSIGN_OR_RETURN(Samples samples, ChooseSamples(folder.files(), folder.samples(), limits.samples));
  AddSampleNotes(samples, limits.samples, &notes);
  run["samples"] = std::move(samples.groups);
  run["notes"] = std::move(notes);
  return run;
}

}  // namespace drover::page
