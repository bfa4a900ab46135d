#include "libagent/http/wire.hpp"

#include "libagent/base/contract.hpp"
#include "libagent/http/http_response.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>

namespace libagent {

namespace {

bool is_decided_by_server(std::string_view name) {
  static constexpr std::array<std::string_view, 4> names{"Content-Length", "Transfer-Encoding",
                                                         "Connection", "Date"};
  return std::ranges::any_of(names, [name](auto other) { return same_header_name(name, other); });
}

void append_head_field(std::string& out, std::string_view name, std::string_view value) {
  out.append(name).append(": ").append(value).append("\r\n");
}

void append_two_digits(std::string& out, unsigned value) {
  out += static_cast<char>('0' + value / 10);
  out += static_cast<char>('0' + value % 10);
}

}  // namespace

void append_head(std::string& out, int status, const http_headers& headers,
                 const response_framing& framing) {
  out.append("HTTP/1.1 ").append(std::to_string(status)).append(" ");
  out.append(reason_phrase(status)).append("\r\n");
  if (!framing.date.empty())
    append_head_field(out, "Date", framing.date);
  for (const auto& [name, value] : headers) {
    if (!is_decided_by_server(name))
      append_head_field(out, name, value);
  }
  if (framing.content_length)
    append_head_field(out, "Content-Length", std::to_string(*framing.content_length));
  if (framing.chunked)
    append_head_field(out, "Transfer-Encoding", "chunked");
  if (!framing.keep_alive) {
    append_head_field(out, "Connection", "close");
  } else if (framing.http_1_0) {
    append_head_field(out, "Connection", "keep-alive");
  }
  out += "\r\n";
}

void append_chunk(std::string& out, std::string_view data) {
  LIBAGENT_EXPECTS(!data.empty());
  std::array<char, 16> hex{};
  const auto end = std::to_chars(hex.data(), hex.data() + hex.size(), data.size(), 16).ptr;
  out.append(hex.data(), end).append("\r\n").append(data).append("\r\n");
}

std::string http_date(unix_millis now) {
  static constexpr std::array<std::string_view, 7> days{"Sun", "Mon", "Tue", "Wed",
                                                        "Thu", "Fri", "Sat"};
  static constexpr std::array<std::string_view, 12> months{
      "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  using namespace std::chrono;
  const auto time = floor<seconds>(sys_time<milliseconds>{milliseconds{now}});
  const auto day = floor<std::chrono::days>(time);
  const year_month_day date{day};
  const hh_mm_ss clock{time - day};
  std::string out{days[weekday{day}.c_encoding()]};
  out += ", ";
  append_two_digits(out, static_cast<unsigned>(date.day()));
  out.append(" ").append(months[static_cast<unsigned>(date.month()) - 1]).append(" ");
  out.append(std::to_string(static_cast<int>(date.year()))).append(" ");
  append_two_digits(out, static_cast<unsigned>(clock.hours().count()));
  out += ':';
  append_two_digits(out, static_cast<unsigned>(clock.minutes().count()));
  out += ':';
  append_two_digits(out, static_cast<unsigned>(clock.seconds().count()));
  return out + " GMT";
}

}  // namespace libagent
