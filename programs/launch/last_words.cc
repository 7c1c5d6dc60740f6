#include "programs/launch/last_words.h"

#include <deque>
#include <fstream>
#include <nlohmann/json.hpp>

namespace drover::launch {
namespace {

constexpr std::streamoff kTailBytes = 16 << 10;  // enough for a few lines, whatever the file's size

std::deque<std::string> Tail(const std::string& path, size_t lines) {
  std::ifstream file(path, std::ios::binary | std::ios::ate);
  if (!file) return {};
  const std::streamoff size = file.tellg();
  file.seekg(std::max<std::streamoff>(0, size - kTailBytes));
  std::deque<std::string> tail;
  for (std::string line; std::getline(file, line);) {
    if (line.empty()) continue;
    tail.push_back(line);
    if (tail.size() > lines) tail.pop_front();
  }
  return tail;
}

std::string ForPeople(const std::string& line) {
  const auto object = nlohmann::json::parse(line, nullptr, /*allow_exceptions=*/false);
  if (!object.is_object() || !object.contains("message") || !object["message"].is_string()) return line;
  std::string text = object.value("level", "info") + ": " + object["message"].get<std::string>();
  for (const auto& [name, value] : object.items()) {
    if (name == "time" || name == "level" || name == "process" || name == "message") continue;
    text += " " + name + "=" + (value.is_string() ? value.get<std::string>() : value.dump());
  }
  return text;
}

}  // namespace

std::string LastWords(const std::string& log_file, const std::string& output_file, size_t lines) {
  std::string words;
  for (const std::string& file : {log_file, output_file}) {
    for (const std::string& line : Tail(file, lines)) words += "  " + ForPeople(line) + "\n";
  }
  return words;
}

}  // namespace drover::launch
