#pragma once

#include <string>
#include <string_view>

namespace libagent {

/// Makes whole code points of text that arrives in pieces cut anywhere.
///
/// Models write tokens, and a token may end within a character; so servers send pieces that end
/// within its UTF-8 bytes or, in JSON, within its surrogate pair. What can still become a character
/// is kept back; what cannot any more is replaced by U+FFFD. Thread safety: none.
class code_point_joiner {
public:
  /// Appends to `out` all of what came so far that is whole.
  void add(std::string_view piece, std::string& out);

  /// Appends U+FFFD for what is still kept back.
  void flush(std::string& out);

private:
  std::string kept_;  ///< The start of a character; at most 5 bytes.
};

/// `text` as valid UTF-8, surrogate pairs joined; what is not becomes U+FFFD.
[[nodiscard]] std::string to_valid_utf8(std::string_view text);

}  // namespace libagent
