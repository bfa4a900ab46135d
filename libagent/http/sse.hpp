#pragma once

#include "libagent/base/expected.hpp"
#include "libagent/http/http_headers.hpp"

#include <chrono>
#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace libagent {

/// One server-sent event (WHATWG HTML, 9.2).
struct sse_event {
  std::string event;  ///< Empty: the default type, "message". No CR or LF.
  std::string data;   ///< May have several lines; CRLF and CR arrive as LF.
  std::string id;     ///< Empty: none. No CR, LF or NUL.
  std::optional<std::chrono::milliseconds> retry;

  friend bool operator==(const sse_event&, const sse_event&) = default;
};

/// The bytes of one event, its closing blank line included.
/// @pre `event` and `id` have no line break: it would start another field. `id` has no NUL: it
/// would not be read.
[[nodiscard]] std::string format_sse(const sse_event& event);

/// A comment, which clients ignore: keeps a silent stream open through proxies and finds out
/// whether the other side is still there. Line breaks in `text` become spaces.
[[nodiscard]] std::string format_sse_comment(std::string_view text);

/// The header fields of an event stream. The last one keeps nginx from buffering it.
[[nodiscard]] http_headers sse_headers();

/// Cuts a byte stream into events; the pieces may be cut anywhere, also inside a line end.
///
/// Accepts LF, CR and CRLF, skips comments, unknown fields and events without data, and drops an
/// event that the end of the stream leaves unfinished. Thread safety: none.
class sse_parser {
public:
  using event_callback = std::function<void(sse_event)>;

  /// @pre `on_event` is not empty.
  explicit sse_parser(event_callback on_event, std::size_t event_bytes_max = 4U << 20U);

  /// Calls back for each event that `bytes` completes.
  /// Errors: errc::too_large for an event beyond the limit; the parser is then of no more use.
  [[nodiscard]] expected<void> feed(std::string_view bytes);

private:
  void take_line(std::string_view line);
  void take_field(std::string_view name, std::string_view value);

  event_callback on_event_;
  std::size_t event_bytes_max_;
  std::string line_;       ///< The start of a line that is not complete yet.
  bool after_cr_ = false;  ///< An LF now belongs to the line end before it.
  bool at_start_ = true;   ///< A byte order mark may still come.
  bool has_data_ = false;
  sse_event current_;
};

}  // namespace libagent
