// What lets a page of another origin ask the server from a browser: the CORS protocol (https://fetch.spec.whatwg.org/#http-cors-protocol).
// Without it a browser keeps the answers from the page.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "services/http/message.h"
#include "services/http/routes.h"

namespace drover::serve {

// INVALID_ARGUMENT for what no browser calls an origin: it must be *, which is every one, or SCHEME://HOST[:PORT].
absl::Status CheckOrigin(const std::string& origin);

// For every answer.
http::Headers OriginHeaders(const std::string& origin);

// Answers what browsers ask before a request with JSON or a key, at any path (OPTIONS): it may come, with the headers that it
// names. Needs no key: browsers send none with it.
void AddPreflight(http::Routes& routes);

}  // namespace drover::serve
