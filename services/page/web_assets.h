// The page's parts, compiled in so that a program needs no file beside it (CMakeLists.txt).
#pragma once

namespace drover::page {

extern const char kPageHtml[];      // web/page.html
extern const char kPageCss[];       // dygraphs' style and web/page.css
extern const char kPageJs[];        // web/*.js, joined
extern const char kChartsJs[];      // dygraphs, as Debian packages it
extern const char kChartsNotice[];  // web/dygraphs-notice.txt

}  // namespace drover::page
