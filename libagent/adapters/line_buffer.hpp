#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace libagent {

/// Cuts a stream of bytes into lines. What is kept is bounded by one read beyond `line_bytes_max`
/// as long as the owner takes the lines and heeds `is_too_long`. Every byte is looked at once.
/// Thread safety: none.
class line_buffer {
public:
  explicit line_buffer(std::size_t line_bytes_max) : line_bytes_max_{line_bytes_max} {}

  void append(std::string_view bytes);

  /// The next complete line without its newline, if there is one.
  [[nodiscard]] std::optional<std::string> next();

  /// Whether the line that is not complete yet is over the bound already.
  /// @pre `next` returned nothing.
  [[nodiscard]] bool is_too_long() const { return text_.size() - start_ > line_bytes_max_; }

  /// What came after the last newline; the buffer is empty then.
  [[nodiscard]] std::string take_rest();

private:
  std::size_t line_bytes_max_;
  std::string text_;
  std::size_t start_ = 0;    // of the first line not taken
  std::size_t scanned_ = 0;  // no newline between `start_` and here
};

}  // namespace libagent
