#include "services/page/columns.h"

#include <algorithm>
#include <cstdlib>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace drover::page {
namespace {

using Json = nlohmann::ordered_json;

// A line of another program may have any number of fields.
constexpr size_t kMaxColumns = 256;

Json Rounded(const Json& value) {
  if (!value.is_number_float()) return value.is_number() ? value : Json();
  return std::strtod(absl::StrFormat("%.6g", value.get<double>()).c_str(), nullptr);
}

}  // namespace

void Columns::Set(const std::string& name, const Json& value) {
  auto found =
      std::find_if(columns_.begin(), columns_.end(), [&](const Column& c) { return c.name == name; });
  if (found == columns_.end()) {
    if (columns_.size() >= kMaxColumns) return;
    columns_.push_back({.name = name, .values = {}});
    found = columns_.end() - 1;
  }
  found->values.resize(rows_ + 1);
  found->values[rows_] = Rounded(value);
}

void Columns::Add(const Json& line) {
  if (!line.is_object()) return;
  if (last_is_extra_) DropLast();
  for (const auto& [name, value] : line.items()) {
    if (value.is_array() && value.size() == 2 && value[0].is_number() && value[1].is_number()) {
      Set(absl::StrCat(name, "_low"), value[0]);
      Set(absl::StrCat(name, "_high"), value[1]);
    } else if (value.is_number() || value.is_null()) {
      Set(name, value);
    }
  }
  ++rows_;
  last_is_extra_ = lines_ % stride_ != 0;
  ++lines_;
  if (rows_ > max_rows_) Halve();
}

void Columns::DropLast() {
  --rows_;
  for (Column& column : columns_) column.values.resize(std::min(column.values.size(), rows_));
}

// Rows 0, 2, 4... stay, and the newest.
void Columns::Halve() {
  const size_t last = rows_ - 1;
  const bool last_stays = last % 2 == 0;
  for (Column& column : columns_) {
    column.values.resize(rows_);
    size_t kept = 0;
    for (size_t row = 0; row < rows_; ++row) {
      if (row % 2 == 0 || row == last) column.values[kept++] = std::move(column.values[row]);
    }
    column.values.resize(kept);
  }
  rows_ = last / 2 + 1 + (last_stays ? 0 : 1);
  stride_ *= 2;
  last_is_extra_ = last_is_extra_ || !last_stays;
}

Json Columns::ToJson() const {
  Json json = Json::object();
  for (const Column& column : columns_) {
    std::vector<Json> values = column.values;
    values.resize(rows_);
    json[column.name] = std::move(values);
  }
  return json;
}

}  // namespace drover::page
