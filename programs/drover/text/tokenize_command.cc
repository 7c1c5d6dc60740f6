#include "programs/drover/text/tokenize_command.h"

#include <istream>
#include <nlohmann/json.hpp>
#include <ostream>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "model/json.h"
#include "model/tokenizer.h"

namespace drover::text {
namespace {

using model::Tokenizer;
using nlohmann::json;

constexpr model::JsonLimits kLine = {.max_bytes = size_t{64} << 20, .max_depth = 4};

absl::StatusOr<json> Ids(const Tokenizer& tokenizer, const model::EncodeOptions& options, const json& text) {
  if (!text.is_string()) {
    return absl::InvalidArgumentError(absl::StrCat("is ", model::ShowJson(text), ", must be a JSON string"));
  }
  ASSIGN_OR_RETURN(std::vector<uint32_t> ids, tokenizer.Encode(text.get_ref<const std::string&>(), options));
  return json(ids);
}

absl::StatusOr<json> Text(const Tokenizer& tokenizer, const json& list) {
  if (!list.is_array()) {
    return absl::InvalidArgumentError(
        absl::StrCat("is ", model::ShowJson(list), ", must be a JSON array of token ids"));
  }
  std::vector<uint32_t> ids;
  for (const json& id : list) {
    if (!id.is_number_unsigned() || id >= tokenizer.size()) {
      return absl::InvalidArgumentError(
          absl::StrCat("the id ", model::ShowJson(id), " must be an integer below ", tokenizer.size()));
    }
    ids.push_back(id.get<uint32_t>());
  }
  return json(tokenizer.Decode(ids));
}

template <typename Convert>
absl::Status EachLine(const std::string& model_dir, std::istream& in, std::ostream& out, Convert convert) {
  const auto loaded = Tokenizer::Load(model_dir);
  if (!loaded.ok()) return AsBadInput(loaded.status());
  const Tokenizer& tokenizer = **loaded;
  std::string line;
  for (int64_t number = 1; std::getline(in, line); ++number) {
    absl::StatusOr<json> value = model::ParseJson(line, kLine);
    absl::StatusOr<json> result = value.ok() ? convert(tokenizer, *value) : value.status();
    if (!result.ok()) return Annotate(result.status(), absl::StrCat("line ", number));
    out << result->dump(-1, ' ', /*ensure_ascii=*/false, json::error_handler_t::replace) << '\n';
  }
  out.flush();
  if (in.bad()) return absl::UnavailableError("the input could not be read");
  return out.good() ? absl::OkStatus() : absl::UnavailableError("the output could not be written");
}

}  // namespace

absl::Status Tokenize(const std::string& model_dir, const model::EncodeOptions& options, std::istream& in,
                      std::ostream& out) {
  return EachLine(model_dir, in, out, [&options](const Tokenizer& tokenizer, const json& text) {
    return Ids(tokenizer, options, text);
  });
}

absl::Status Detokenize(const std::string& model_dir, std::istream& in, std::ostream& out) {
  return EachLine(model_dir, in, out, Text);
}

}  // namespace drover::text
