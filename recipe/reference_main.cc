#include <cstdio>

#include "recipe/reference.h"

int main() {
  const std::string page = drover::recipe::ReferenceMarkdown();
  return std::fwrite(page.data(), 1, page.size(), stdout) == page.size() ? 0 : 1;
}
