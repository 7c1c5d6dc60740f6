#include "study/result.h"

#include <cmath>
#include <set>

namespace drover::study {
namespace {

using nlohmann::ordered_json;

ordered_json Or(double value) { return std::isfinite(value) ? ordered_json(value) : ordered_json(nullptr); }
ordered_json Or(const std::optional<double>& value) {
  return value.has_value() ? Or(*value) : ordered_json(nullptr);
}
ordered_json Pair(const statistics::Interval& interval) {
  return ordered_json::array({Or(interval.low), Or(interval.high)});
}

ordered_json ClaimJson(const Judgement& claim) {
  return {{"name", claim.name},
          {"statement", claim.statement},
          {"verdict", VerdictName(claim.verdict)},
          {"expect", claim.expect == v1::AT_LEAST ? "at_least" : "less"},
          {"counts", claim.counts},
          {"what", claim.what},
          {"effect", Or(claim.effect)},
          {"interval", Pair(claim.interval)},
          {"p", Or(claim.p)},
          {"power", Or(claim.power)},
          {"smallest_detectable", Or(claim.smallest_detectable)},
          {"seeds", claim.seeds},
          {"secondary", claim.secondary}};
}

// The claim whose numbers stand for the study's: the first about runs, else the first.
const Judgement* Headline(const StudyResult& result) {
  for (const Judgement& claim : result.claims) {
    if (claim.p.has_value() && !claim.secondary) return &claim;
  }
  return result.claims.empty() ? nullptr : &result.claims.front();
}

ordered_json RunsJson(const StudyResult& result) {
  ordered_json runs = ordered_json::array();
  for (const FinishedRun& run : result.runs) {
    ordered_json measures = ordered_json::object();
    for (const v1::StudyMeasure measure : MeasuresOf(result.definition.study)) {
      measures[MeasureName(measure)] = Or(Measure(measure, run.record));
    }
    runs.push_back({{"run", run.plan.name},
                    {"arm", result.definition.study.arms(run.plan.arm).name()},
                    {"seed", run.plan.seed},
                    {"measures", measures}});
  }
  return runs;
}

ordered_json WeightsJson(const StudyResult& result) {
  ordered_json weights = ordered_json::object();
  for (const auto& [arm, groups] : result.weights) {
    for (const auto& [group, numbers] : groups) {
      weights[arm][group] = {{"advantages", numbers.advantages}, {"token_weights", numbers.token_weights}};
    }
  }
  return weights;
}

}  // namespace

std::vector<v1::StudyMeasure> MeasuresOf(const v1::Study& study) {
  std::set<v1::StudyMeasure> measures;
  for (const v1::RunClaim& claim : study.run_claims()) measures.insert(claim.measure());
  return {measures.begin(), measures.end()};
}

Measured MeasuredByArm(const StudyResult& result, v1::StudyMeasure measure) {
  Measured measured;
  for (const FinishedRun& run : result.runs) {
    std::vector<std::optional<double>>& seeds = measured[result.definition.study.arms(run.plan.arm).name()];
    if (seeds.size() < run.plan.seed) seeds.resize(run.plan.seed);
    seeds[run.plan.seed - 1] = Measure(measure, run.record);
  }
  return measured;
}

void Conclude(StudyResult& result) {
  const v1::Study& study = result.definition.study;
  result.claims.clear();
  for (const v1::WeightClaim& claim : study.weight_claims()) {
    result.claims.push_back(JudgeWeights(claim, study, result.weights.at(claim.arm())));
  }
  for (const v1::RunClaim& claim : study.run_claims()) {
    result.claims.push_back(JudgeRuns(claim, MeasuredByArm(result, claim.measure()), study.alpha()));
  }
  result.verdict = StudyVerdict(result.claims);
}

std::string ToJson(const StudyResult& result) {
  const v1::Study& study = result.definition.study;
  ordered_json json = {{"study", result.definition.name},
                       {"title", study.title()},
                       {"verdict", VerdictName(result.verdict)},
                       {"seeds", result.extent.Seeds(study)},
                       {"effect", nullptr},
                       {"interval", nullptr},
                       {"power", nullptr}};
  if (const Judgement* headline = Headline(result); headline != nullptr) {
    json["effect"] = Or(headline->effect);
    json["interval"] = Pair(headline->interval);
    json["power"] = Or(headline->power);
  }
  json["alpha"] = study.alpha();
  json["quick"] = result.extent.quick;
  json["model"] = result.extent.model.empty() ? ordered_json(nullptr) : ordered_json(result.extent.model);
  json["command"] = result.command;
  json["seconds"] = result.seconds;
  json["claims"] = ordered_json::array();
  for (const Judgement& claim : result.claims) json["claims"].push_back(ClaimJson(claim));
  json["runs"] = RunsJson(result);
  if (!result.weights.empty()) json["weights"] = WeightsJson(result);
  return json.dump(1) + "\n";
}

}  // namespace drover::study
