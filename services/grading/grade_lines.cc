#include "services/grading/grade_lines.h"

#include <nlohmann/json.hpp>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "services/grading/grade_one.h"

namespace drover::grading {
namespace {

using Json = nlohmann::json;

absl::Status Wrong(const char* key, const char* may_be) {
  return absl::InvalidArgumentError(absl::StrCat("\"", key, "\" must be ", may_be));
}

absl::Status ReadGold(const Json& line, v1::GradeRequest* request) {
  const auto gold = line.find("gold");
  constexpr char kMayBe[] = "a string or a non-empty array of strings";
  if (gold == line.end()) return Wrong("gold", kMayBe);
  if (gold->is_string()) {
    request->add_gold(gold->get<std::string>());
    return absl::OkStatus();
  }
  if (!gold->is_array() || gold->empty()) return Wrong("gold", kMayBe);
  for (const Json& one : *gold) {
    if (!one.is_string()) return Wrong("gold", kMayBe);
    request->add_gold(one.get<std::string>());
  }
  return absl::OkStatus();
}

absl::Status ReadAnswer(const Json& line, const char* key, v1::GradeRequest* request) {
  const Json& value = line[key];
  if (!value.is_string()) return Wrong(key, "a string");
  request->set_response(value.get<std::string>());
  const std::string_view name = key;
  request->set_already_extracted(name == "answer" || name == "pred");
  if (name != "response_b64") return absl::OkStatus();
  std::string bytes;
  if (!absl::Base64Unescape(request->response(), &bytes)) return Wrong(key, "base64 (RFC 4648)");
  request->set_response(std::move(bytes));
  return absl::OkStatus();
}

absl::Status ReadResponse(const Json& line, v1::GradeRequest* request) {
  int given = 0;
  for (const char* key : {"response", "response_b64", "answer"}) {
    if (!line.contains(key)) continue;
    ++given;
    RETURN_IF_ERROR(ReadAnswer(line, key, request));
  }
  if (given == 0 && line.contains("pred")) return ReadAnswer(line, "pred", request);
  if (given == 1) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(
      "exactly one of \"response\", \"response_b64\" and \"answer\" must be there; got ", given));
}

absl::Status ReadOptional(const Json& line, v1::GradeRequest* request) {
  if (const auto truncated = line.find("truncated"); truncated != line.end()) {
    if (!truncated->is_boolean()) return Wrong("truncated", "true or false");
    request->set_truncated(truncated->get<bool>());
  }
  if (const auto grader = line.find("grader"); grader != line.end()) {
    if (!grader->is_string()) return Wrong("grader", "a string");
    request->set_grader(grader->get<std::string>());
  }
  if (const auto question = line.find("question"); question != line.end() && question->is_string()) {
    request->set_question(question->get<std::string>());
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<GradeLine> ParseGradeLine(std::string_view text, const GradeLineDefaults& defaults) {
  const Json line = Json::parse(text, /*cb=*/nullptr, /*allow_exceptions=*/false);
  if (line.is_discarded())
    return absl::InvalidArgumentError("not JSON (or not UTF-8: give \"response_b64\" then)");
  if (!line.is_object()) return absl::InvalidArgumentError("not a JSON object");
  GradeLine parsed;
  if (const auto id = line.find("id"); id != line.end()) {
    if (!id->is_string() && !id->is_number() && !id->is_null()) return Wrong("id", "a string or a number");
    parsed.id = id->dump();
  }
  RETURN_IF_ERROR(ReadGold(line, &parsed.request));
  RETURN_IF_ERROR(ReadResponse(line, &parsed.request));
  parsed.request.set_grader(defaults.grader);
  RETURN_IF_ERROR(ReadOptional(line, &parsed.request));
  parsed.request.set_format(defaults.format);
  *parsed.request.mutable_options() = defaults.options;
  if (defaults.check_grader) RETURN_IF_ERROR(CheckRequest(parsed.request));
  return parsed;
}

std::string FormatGradeLine(const std::string& id, const v1::GradeResult& result) {
  const auto dump = [](const Json& value) {
    return value.dump(/*indent=*/-1, ' ', /*ensure_ascii=*/false, Json::error_handler_t::replace);
  };
  const Json reward = result.reward() == static_cast<int64_t>(result.reward())
                          ? Json(static_cast<int64_t>(result.reward()))
                          : Json(result.reward());
  const Json extracted = result.extracted().empty() ? Json(nullptr) : Json(result.extracted());
  return absl::StrCat("{\"id\":", id, ",\"reward\":", dump(reward), ",\"extracted\":", dump(extracted),
                      ",\"formatted\":", result.formatted() ? "true" : "false",
                      ",\"reason\":", dump(Json(result.reason())), "}");
}

}  // namespace drover::grading
