#include "libagent/openai/retry_after.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <string>
#include <system_error>

namespace libagent {

namespace {

using namespace std::chrono_literals;

constexpr std::chrono::milliseconds longest_wait = 24h;

/// Takes a date apart from its front.
class date_text {
public:
  explicit date_text(std::string_view rest) : rest_{rest} {}

  [[nodiscard]] bool ok() const { return ok_; }

  [[nodiscard]] bool at_end() const { return ok_ && rest_.empty(); }

  void expect(std::string_view text) {
    ok_ = ok_ && rest_.starts_with(text);
    rest_.remove_prefix(ok_ ? text.size() : 0);
  }

  int number(std::size_t digits) {
    int value = 0;
    const auto part = rest_.substr(0, digits);
    const auto [stop, failure] = std::from_chars(part.data(), part.data() + part.size(), value);
    ok_ = ok_ && part.size() == digits && failure == std::errc{} &&
          stop == part.data() + part.size() && part.front() != '-';
    rest_.remove_prefix(ok_ ? digits : 0);
    return value;
  }

  unsigned month() {
    static constexpr std::string_view names = "JanFebMarAprMayJunJulAugSepOctNovDec";
    const auto at = rest_.size() < 3 ? std::string_view::npos : names.find(rest_.substr(0, 3));
    ok_ = ok_ && at != std::string_view::npos && at % 3 == 0;
    rest_.remove_prefix(ok_ ? 3 : 0);
    return ok_ ? static_cast<unsigned>(at / 3 + 1) : 1U;
  }

  /// A day of the month that may have a space for its first digit.
  int padded_day() {
    if (!rest_.starts_with(' '))
      return number(2);
    expect(" ");
    return number(1);
  }

private:
  std::string_view rest_;
  bool ok_ = true;
};

struct date_parts {
  int year = 0;
  unsigned month = 1;
  int day = 0;
  int hour = 0;
  int minute = 0;
  int second = 0;
};

void take_time(date_text& text, date_parts& parts) {
  parts.hour = text.number(2);
  text.expect(":");
  parts.minute = text.number(2);
  text.expect(":");
  parts.second = text.number(2);
}

std::optional<unix_millis> to_millis(const date_parts& parts) {
  const std::chrono::year_month_day date{std::chrono::year{parts.year},
                                         std::chrono::month{parts.month},
                                         std::chrono::day{static_cast<unsigned>(parts.day)}};
  if (!date.ok() || parts.hour > 23 || parts.minute > 59 || parts.second > 60)
    return std::nullopt;
  const auto time = std::chrono::sys_days{date}.time_since_epoch() +
                    std::chrono::hours{parts.hour} + std::chrono::minutes{parts.minute} +
                    std::chrono::seconds{parts.second};
  return std::chrono::duration_cast<std::chrono::milliseconds>(time).count();
}

/// `06 Nov 1994 08:49:37 GMT`, or with dashes and two digits of the year as RFC 850 has it.
std::optional<unix_millis> read_day_first(std::string_view rest, std::string_view separator,
                                          std::size_t year_digits) {
  date_text text{rest};
  date_parts parts;
  parts.day = text.number(2);
  text.expect(separator);
  parts.month = text.month();
  text.expect(separator);
  parts.year = text.number(year_digits);
  if (year_digits == 2)
    parts.year += parts.year < 70 ? 2000 : 1900;
  text.expect(" ");
  take_time(text, parts);
  text.expect(" GMT");
  return text.at_end() ? to_millis(parts) : std::nullopt;
}

/// `Nov  6 08:49:37 1994`, as C's asctime has it.
std::optional<unix_millis> read_month_first(std::string_view rest) {
  date_text text{rest};
  date_parts parts;
  parts.month = text.month();
  text.expect(" ");
  parts.day = text.padded_day();
  text.expect(" ");
  take_time(text, parts);
  text.expect(" ");
  parts.year = text.number(4);
  return text.at_end() ? to_millis(parts) : std::nullopt;
}

std::optional<std::chrono::milliseconds> read_wait(std::string_view text, double unit_ms) {
  double value = 0;
  const auto* const end = text.data() + text.size();
  const auto [stop, failure] = std::from_chars(text.data(), end, value);
  if (failure != std::errc{} || stop != end || !(value >= 0))
    return std::nullopt;
  const auto longest = static_cast<double>(longest_wait.count());
  return std::chrono::milliseconds{static_cast<std::int64_t>(std::min(value * unit_ms, longest))};
}

}  // namespace

std::optional<unix_millis> read_http_date(std::string_view text) {
  const auto comma = text.find(", ");
  if (comma == std::string_view::npos)
    return text.size() > 4 && text[3] == ' ' ? read_month_first(text.substr(4)) : std::nullopt;
  const auto rest = text.substr(comma + 2);
  const bool has_dashes = rest.find('-') != std::string_view::npos;
  return has_dashes ? read_day_first(rest, "-", 2) : read_day_first(rest, " ", 4);
}

std::optional<std::chrono::milliseconds> read_retry_after(const http_headers& headers,
                                                          unix_millis now) {
  if (const auto text = headers.find("retry-after-ms")) {
    if (const auto wait = read_wait(*text, 1))
      return wait;
  }
  const auto text = headers.find("Retry-After");
  if (!text)
    return std::nullopt;
  if (const auto wait = read_wait(*text, 1'000))
    return wait;
  const auto date = read_http_date(*text);
  if (!date)
    return std::nullopt;
  return std::clamp(std::chrono::milliseconds{*date - now}, 0ms, longest_wait);
}

}  // namespace libagent
