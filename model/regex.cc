#include "model/regex.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "absl/strings/str_cat.h"
#include "base/status.h"

namespace drover::model {
namespace {

constexpr size_t kMaxPattern = 16384;

std::string PcreMessage(int code) {
  PCRE2_UCHAR message[256];
  if (pcre2_get_error_message(code, message, sizeof(message)) < 0) return absl::StrCat("PCRE2 error ", code);
  return reinterpret_cast<const char*>(message);
}

PCRE2_SPTR Units(std::string_view text) { return reinterpret_cast<PCRE2_SPTR>(text.data()); }

using CompileContext = std::unique_ptr<pcre2_compile_context, decltype(&pcre2_compile_context_free)>;

}  // namespace

absl::StatusOr<Regex> Regex::Compile(std::string_view pattern) {
  if (pattern.size() > kMaxPattern) {
    return absl::InvalidArgumentError(
        absl::StrCat("expression of ", pattern.size(), " bytes, the limit is ", kMaxPattern));
  }
  ASSIGN_OR_RETURN(std::string translated, TranslateRegex(pattern));
  CompileContext context(pcre2_compile_context_create(nullptr), pcre2_compile_context_free);
  pcre2_set_newline(context.get(), PCRE2_NEWLINE_LF);  // '.' matches all but \n, as in Ruby
  int error = 0;
  PCRE2_SIZE offset = 0;
  pcre2_code* code =
      pcre2_compile(Units(translated), translated.size(), PCRE2_UTF | PCRE2_UCP | PCRE2_NEVER_BACKSLASH_C,
                    &error, &offset, context.get());
  if (code == nullptr) {
    return absl::InvalidArgumentError(absl::StrCat("expression ", ToAbsl(pattern), ": ", PcreMessage(error),
                                                   " at byte ", offset, " of ", translated));
  }
  Regex regex;
  regex.code_ = std::shared_ptr<const void>(code, [code](const void*) { pcre2_code_free(code); });
  uint32_t matches_empty = 0;
  pcre2_pattern_info(code, PCRE2_INFO_MATCHEMPTY, &matches_empty);
  if (matches_empty != 0) {
    return absl::UnimplementedError(
        absl::StrCat("expression ", ToAbsl(pattern), " can match the empty string"));
  }
  pcre2_jit_compile(code, PCRE2_JIT_COMPLETE);  // where there is no JIT, matching interprets
  return regex;
}

Regex::Matcher::Matcher(const Regex& regex)
    : code_(regex.code_),
      data_(pcre2_match_data_create(1, nullptr), pcre2_match_data_free),
      context_(pcre2_match_context_create(nullptr), pcre2_match_context_free) {}

absl::Status Regex::Matcher::FindAll(std::string_view text, std::vector<std::string_view>& matches) {
  const auto* code = static_cast<const pcre2_code*>(code_.get());
  auto* data = static_cast<pcre2_match_data*>(data_.get());
  auto* context = static_cast<pcre2_match_context*>(context_.get());
  // One attempt may run along the whole text and back a few times, not more.
  pcre2_set_match_limit(context, static_cast<uint32_t>(10'000'000 + 16 * text.size()));
  const PCRE2_SIZE* span = pcre2_get_ovector_pointer(data);
  for (size_t begin = 0; begin < text.size(); begin = span[1]) {
    int found = pcre2_match(code, Units(text), text.size(), begin, PCRE2_NO_UTF_CHECK, data, context);
    if (found == PCRE2_ERROR_JIT_STACKLIMIT) {  // the interpreter keeps its stack on the heap
      found = pcre2_match(code, Units(text), text.size(), begin, PCRE2_NO_UTF_CHECK | PCRE2_NO_JIT, data,
                          context);
    }
    if (found == PCRE2_ERROR_NOMATCH) return absl::OkStatus();
    if (found < 0) {
      return absl::ResourceExhaustedError(absl::StrCat("splitting the text: ", PcreMessage(found)));
    }
    matches.push_back(text.substr(span[0], span[1] - span[0]));
  }
  return absl::OkStatus();
}

}  // namespace drover::model
