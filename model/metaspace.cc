#include "model/metaspace.h"

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "model/utf8.h"

namespace drover::model {

absl::StatusOr<std::string> ParseCharacter(const JsonFields& fields, std::string_view name) {
  ASSIGN_OR_RETURN(std::string text, fields.String(name));
  size_t end = 0;
  if (!text.empty()) NextCodePoint(text, end);
  if (text.empty() || end != text.size()) return fields.Wrong(name, "one character");
  return text;
}

absl::StatusOr<MetaspaceFields> MetaspaceFields::Parse(const JsonFields& fields) {
  MetaspaceFields metaspace;
  ASSIGN_OR_RETURN(metaspace.mark, ParseCharacter(fields, "replacement"));
  ASSIGN_OR_RETURN(metaspace.split, fields.Bool("split", true));
  ASSIGN_OR_RETURN(const std::string scheme, fields.String("prepend_scheme", "always"));
  if (scheme == "never") {
    metaspace.prepends = Prepends::kNever;
  } else if (scheme == "first") {
    metaspace.prepends = Prepends::kFirst;
  } else if (scheme != "always") {
    return fields.Wrong("prepend_scheme", "\"never\", \"first\" or \"always\"");
  }
  // The older way to say it.
  ASSIGN_OR_RETURN(const bool prefix, fields.Bool("add_prefix_space", true));
  if (!prefix && metaspace.prepends != Prepends::kNever) {
    return fields.Wrong("add_prefix_space", absl::StrCat("true with prepend_scheme \"", scheme, "\""));
  }
  return metaspace;
}

}  // namespace drover::model
