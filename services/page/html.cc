#include "services/page/html.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "services/page/web_assets.h"

namespace drover::page {
namespace {

std::string EscapedText(const std::string& text) {
  return absl::StrReplaceAll(text, {{"&", "&amp;"}, {"<", "&lt;"}, {">", "&gt;"}, {"\"", "&quot;"}});
}

}  // namespace

std::string ContentSecurityPolicy(const std::string& nonce, bool live) {
  return absl::StrCat("default-src 'none'; script-src 'nonce-", nonce, "'; style-src 'nonce-", nonce,
                      "'; img-src data:; connect-src ", live ? "'self'" : "'none'",
                      "; base-uri 'none'; form-action 'none'");
}

std::string ScriptSafeJson(const nlohmann::ordered_json& data) {
  const std::string text = data.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
  // Outside of strings JSON has no "<", so each stands in a string, where it may be written by its number.
  return absl::StrReplaceAll(text, {{"<", "\\u003c"}});
}

std::string Html(const Document& document) {
  const bool live = document.data.contains("live");
  // One pass: what is put in is not looked at again.
  return absl::StrReplaceAll(kPageHtml, {{"{{title}}", EscapedText(document.title)},
                                         {"{{policy}}", ContentSecurityPolicy(document.nonce, live)},
                                         {"{{nonce}}", document.nonce},
                                         {"{{style}}", kPageCss},
                                         {"{{notice}}", kChartsNotice},
                                         {"{{charts}}", kChartsJs},
                                         {"{{program}}", kPageJs},
                                         {"{{data}}", ScriptSafeJson(document.data)}});
}

}  // namespace drover::page
