// Lines of numbers as columns: how the page gets metrics.jsonl and evaluations.jsonl. A column is a third of the size of
// the lines, and what a chart wants.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace drover::page {

// Of the numbers of a line those at the top; a list of two numbers "x" gives the columns "x_low" and "x_high". What is
// no number is null. Numbers that are no integers are rounded to six digits. Not thread-safe.
class Columns {
 public:
  // Keeps at most `max_rows` rows: with more, every second one goes, and from there on every second, fourth, eighth...
  // line is kept, besides the newest.
  explicit Columns(size_t max_rows) : max_rows_(max_rows) {}

  void Add(const nlohmann::ordered_json& line);

  uint64_t lines() const { return lines_; }
  size_t rows() const { return rows_; }
  // One of how many lines is kept.
  uint64_t stride() const { return stride_; }

  // {"NAME": [value of each row]}, each column as long as the others.
  nlohmann::ordered_json ToJson() const;

 private:
  struct Column {
    std::string name;
    std::vector<nlohmann::ordered_json> values;
  };
  void Set(const std::string& name, const nlohmann::ordered_json& value);
  void DropLast();
  void Halve();

  const size_t max_rows_;
  uint64_t lines_ = 0;
  uint64_t stride_ = 1;
  size_t rows_ = 0;
  bool last_is_extra_ = false;  // the newest row is not one of the stride
  std::vector<Column> columns_;
};

}  // namespace drover::page
