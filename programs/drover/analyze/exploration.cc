#include "analysis/exploration.h"

#include "base/status.h"
#include "programs/drover/analyze/analyses.h"

namespace drover::cli::analyze {

absl::StatusOr<analysis::ExplorationResults> Exploration(Session& session) {
  analysis::ExplorationResults results{.model = session.model(), .settings = session.SettingsJson()};
  for (const std::string& name : session.options().templates) {
    for (const double temperature : session.options().temperatures) {
      ASSIGN_OR_RETURN(const std::vector<analysis::Sample> samples,
                       session.Ask(SettingOf(name, temperature)));
      results.points.push_back(analysis::MeasurePoint(name, temperature, session.options().k, samples));
    }
  }
  return results;
}

}  // namespace drover::cli::analyze
