#include "libagent/http/sse.hpp"

#include "libagent/base/contract.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <iterator>
#include <system_error>
#include <utility>

namespace libagent {

namespace {

bool is_one_line(std::string_view text) {
  return text.find_first_of("\r\n") == std::string_view::npos;
}

void append_sse_field(std::string& out, std::string_view name, std::string_view value) {
  out.append(name).append(": ").append(value).append("\n");
}

std::optional<std::chrono::milliseconds> parse_retry(std::string_view text) {
  std::int64_t value = 0;
  const auto* const end = text.data() + text.size();
  const auto [stop, failure] = std::from_chars(text.data(), end, value);
  if (failure != std::errc{} || stop != end || value < 0)
    return std::nullopt;
  return std::chrono::milliseconds{value};
}

/// Two searches for one byte each are many times faster than one for either.
std::size_t find_line_end(std::string_view bytes) {
  const auto lf = bytes.find('\n');
  const auto cr = bytes.substr(0, lf).find('\r');
  return cr == std::string_view::npos ? lf : cr;
}

}  // namespace

std::string format_sse(const sse_event& event) {
  LIBAGENT_EXPECTS(is_one_line(event.event));
  LIBAGENT_EXPECTS(is_one_line(event.id) && event.id.find('\0') == std::string::npos);
  std::string out;
  out.reserve(event.data.size() + event.event.size() + event.id.size() + 32);
  if (!event.event.empty())
    append_sse_field(out, "event", event.event);
  if (!event.id.empty())
    append_sse_field(out, "id", event.id);
  if (event.retry)
    append_sse_field(out, "retry", std::to_string(event.retry->count()));
  std::string_view rest = event.data;
  while (true) {
    const auto end = rest.find_first_of("\r\n");
    append_sse_field(out, "data", rest.substr(0, end));
    if (end == std::string_view::npos)
      break;
    rest.remove_prefix(end + (rest.substr(end, 2) == "\r\n" ? 2 : 1));
  }
  out += '\n';
  return out;
}

std::string format_sse_comment(std::string_view text) {
  std::string out = ": ";
  std::ranges::transform(text, std::back_inserter(out),
                         [](char c) { return c == '\r' || c == '\n' ? ' ' : c; });
  return out + "\n\n";
}

http_headers sse_headers() {
  return {{"Content-Type", "text/event-stream"},
          {"Cache-Control", "no-cache"},
          {"X-Accel-Buffering", "no"}};
}

sse_parser::sse_parser(event_callback on_event, std::size_t event_bytes_max)
    : on_event_{std::move(on_event)}, event_bytes_max_{event_bytes_max} {
  LIBAGENT_EXPECTS(on_event_ != nullptr);
}

expected<void> sse_parser::feed(std::string_view bytes) {
  while (!bytes.empty()) {
    if (std::exchange(after_cr_, false) && bytes.front() == '\n') {
      bytes.remove_prefix(1);
      continue;
    }
    const auto end = find_line_end(bytes);
    const auto piece = bytes.substr(0, end);
    if (line_.size() + piece.size() + current_.data.size() > event_bytes_max_) {
      return error{errc::too_large, "read event stream: an event has more than " +
                                        std::to_string(event_bytes_max_) + " bytes"};
    }
    if (end == std::string_view::npos) {
      line_ += piece;
      break;
    }
    after_cr_ = bytes[end] == '\r';
    bytes.remove_prefix(end + 1);
    if (line_.empty()) {
      take_line(piece);
    } else {
      line_ += piece;
      take_line(std::exchange(line_, {}));
    }
  }
  return {};
}

void sse_parser::take_line(std::string_view line) {
  if (std::exchange(at_start_, false) && line.starts_with("\xEF\xBB\xBF"))
    line.remove_prefix(3);
  if (line.empty()) {
    auto done = std::exchange(current_, {});
    if (std::exchange(has_data_, false))
      on_event_(std::move(done));
    return;
  }
  const auto colon = line.find(':');
  if (colon == 0)
    return;
  auto value = colon == std::string_view::npos ? std::string_view{} : line.substr(colon + 1);
  if (value.starts_with(' '))
    value.remove_prefix(1);
  take_field(line.substr(0, colon), value);
}

void sse_parser::take_field(std::string_view name, std::string_view value) {
  if (name == "data") {
    if (std::exchange(has_data_, true))
      current_.data += '\n';
    current_.data += value;
  } else if (name == "event") {
    current_.event = value;
  } else if (name == "id") {
    if (value.find('\0') == std::string_view::npos)
      current_.id = value;
  } else if (name == "retry") {
    if (const auto wait = parse_retry(value))
      current_.retry = wait;
  }
}

}  // namespace libagent
