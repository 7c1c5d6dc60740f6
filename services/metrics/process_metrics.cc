#include "services/metrics/process_metrics.h"

#include <dirent.h>
#include <prometheus/metric_family.h>
#include <prometheus/metric_type.h>
#include <sys/resource.h>
#include <unistd.h>

#include <fstream>
#include <optional>
#include <sstream>

namespace drover::metrics {
namespace {

using prometheus::MetricFamily;
using prometheus::MetricType;

void Add(std::vector<MetricFamily>& families, const char* name, const char* help, MetricType type,
         double value) {
  prometheus::ClientMetric metric;
  if (type == MetricType::Counter) {
    metric.counter.value = value;
  } else {
    metric.gauge.value = value;
  }
  families.push_back({name, help, type, {metric}});
}

// Fields of /proc/self/stat after the name, which is in parentheses and may hold anything: the first is field 3.
struct Stat {
  double cpu_ticks = 0, start_ticks = 0, virtual_bytes = 0, resident_pages = 0;
};
std::optional<Stat> ReadStat() {
  std::ifstream file("/proc/self/stat");
  std::stringstream text;
  text << file.rdbuf();
  const std::string line = text.str();
  const size_t after_name = line.rfind(')');
  if (after_name == std::string::npos) return std::nullopt;
  std::istringstream fields(line.substr(after_name + 1));
  Stat stat;
  std::string field;
  for (int number = 3; number <= 24 && fields >> field; ++number) {
    const double value = std::atof(field.c_str());
    if (number == 14 || number == 15) stat.cpu_ticks += value;
    if (number == 22) stat.start_ticks = value;
    if (number == 23) stat.virtual_bytes = value;
    if (number == 24) stat.resident_pages = value;
  }
  return stat;
}

// When the machine started, seconds since the epoch.
std::optional<double> BootSeconds() {
  std::ifstream file("/proc/stat");
  for (std::string word; file >> word;) {
    double value = 0;
    if (word == "btime" && file >> value) return value;
  }
  return std::nullopt;
}

std::optional<double> OpenFiles() {
  DIR* folder = ::opendir("/proc/self/fd");
  if (folder == nullptr) return std::nullopt;
  double count = 0;
  for (const dirent* entry = ::readdir(folder); entry != nullptr; entry = ::readdir(folder)) {
    count += entry->d_name[0] != '.';
  }
  ::closedir(folder);
  return count - 1;  // the folder itself was open
}

}  // namespace

std::string Version() { return DROVER_VERSION; }

std::vector<MetricFamily> ProcessMetrics::Collect() const {
  std::vector<MetricFamily> families;
  Add(families, "drover_build_info", "1; its labels say which program of which version this is.",
      MetricType::Gauge, 1);
  families.back().metric[0].label = {{"process", process_}, {"version", Version()}};
  const double ticks = static_cast<double>(::sysconf(_SC_CLK_TCK));
  if (const auto stat = ReadStat()) {
    Add(families, "process_cpu_seconds_total", "Processor time that the process took, user and system.",
        MetricType::Counter, stat->cpu_ticks / ticks);
    Add(families, "process_resident_memory_bytes", "Memory that the process has resident.", MetricType::Gauge,
        stat->resident_pages * static_cast<double>(::sysconf(_SC_PAGESIZE)));
    Add(families, "process_virtual_memory_bytes", "Address space of the process.", MetricType::Gauge,
        stat->virtual_bytes);
    if (const auto boot = BootSeconds()) {
      Add(families, "process_start_time_seconds", "When the process started, seconds since the epoch.",
          MetricType::Gauge, *boot + stat->start_ticks / ticks);
    }
  }
  if (const auto open = OpenFiles()) {
    Add(families, "process_open_fds", "File descriptors that are open.", MetricType::Gauge, *open);
  }
  if (rlimit limit = {}; ::getrlimit(RLIMIT_NOFILE, &limit) == 0) {
    Add(families, "process_max_fds", "File descriptors that may be open.", MetricType::Gauge,
        static_cast<double>(limit.rlim_cur));
  }
  return families;
}

}  // namespace drover::metrics
