// The page itself: one HTML document that holds its style, its program, the plotting library and, unless it is live, its
// data. It asks nothing of any other host.
//
//   web/*.html, *.css, *.js, dygraphs --build--> web_assets.h --Html--> a document
//
// A model's text is data all the way: it stands in a JSON block in which no "<" is left, which no browser runs, the program
// puts it on the screen as text alone, and the document's Content-Security-Policy lets no script run but the page's own.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace drover::page {

struct Document {
  std::string title;
  // {"runs": [run_data.h]}, or {"live": true, ...}: what web/data.js reads.
  nlohmann::ordered_json data;
  std::string nonce;  // unguessable (base/token.h), new for each document
};

std::string Html(const Document& document);

// The policy of a document with this nonce. `live`: it may ask the server that it came from.
std::string ContentSecurityPolicy(const std::string& nonce, bool live);

// JSON text that may stand in a <script> element: no "<", and bytes that are no UTF-8 replaced.
std::string ScriptSafeJson(const nlohmann::ordered_json& data);

}  // namespace drover::page
