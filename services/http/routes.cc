#include "services/http/routes.h"

#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/check.h"

namespace drover::http {

void Routes::Add(const std::string& method, const std::string& path, Page page) {
  DROVER_CHECK(method == "GET" || method == "POST");
  DROVER_CHECK(absl::StartsWith(path, "/"));
  paths_[path][method] = {.page = std::move(page)};
}

void Routes::AddHandler(const std::string& method, const std::string& path, Handler handler) {
  DROVER_CHECK(method == "GET" || method == "POST");
  DROVER_CHECK(absl::StartsWith(path, "/"));
  paths_[path][method] = {.handler = std::move(handler)};
}

void Routes::AddEverywhere(const std::string& method, Page page) {
  DROVER_CHECK(method != "GET" && method != "HEAD" && method != "POST");
  everywhere_[method] = {.page = std::move(page)};
}

const Routes::Methods* Routes::MethodsOf(std::string_view path) const {
  if (const auto exact = paths_.find(path); exact != paths_.end()) return &exact->second;
  // "/a/b/c" is below "/a/b/", "/a/" and "/".
  for (size_t slash = path.rfind('/'); slash != std::string_view::npos && !path.empty();
       slash = path.rfind('/')) {
    path = path.substr(0, slash);
    if (const auto above = paths_.find(std::string(path) + "/"); above != paths_.end()) {
      return &above->second;
    }
  }
  return nullptr;
}

Response Routes::NotFound() const {
  const auto name = [](std::string* out, const auto& path) { out->append(path.first); };
  return Text(404, absl::StrCat("there are: ", absl::StrJoin(paths_, ", ", name), "\n"));
}

Routes::Found Routes::Find(std::string_view method, std::string_view path) const {
  if (const auto found = everywhere_.find(method); found != everywhere_.end())
    return {.route = &found->second};
  const Methods* const methods = MethodsOf(path);
  if (methods == nullptr) return {.refusal = NotFound()};
  const auto found = methods->find(method == "HEAD" ? "GET" : method);
  if (found != methods->end()) return {.route = &found->second};
  std::string allowed = methods->contains("GET") ? "GET, HEAD" : "";
  if (methods->contains("POST")) absl::StrAppend(&allowed, allowed.empty() ? "" : ", ", "POST");
  for (const auto& [name, route] : everywhere_) absl::StrAppend(&allowed, ", ", name);
  Response refusal = Text(405, absl::StrCat("served here: ", allowed, "\n"));
  refusal.head.headers.emplace_back("Allow", allowed);
  return {.refusal = std::move(refusal)};
}

}  // namespace drover::http
