#pragma once

#include <string>
#include <string_view>

namespace libagent {

/// The words of an HTML document, for passages of `text_kind::html`.
///
/// Every line break of the document is kept, also those inside of tags, so that a word stands on
/// the line it has in the file. Blocks are parted by `paragraph_separator`; headings and the title
/// get `#` marks; preformatted blocks get code fences. Scripts, styles, comments and all tags are
/// left out; character references are decoded, unknown ones kept as they are.
///
/// It reads tags, not trees: what is malformed, deeply nested or cut off costs nothing but a
/// paragraph border. Cost: linear in time, no recursion.
[[nodiscard]] std::string html_to_text(std::string_view html);

}  // namespace libagent
