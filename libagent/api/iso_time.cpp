#include "libagent/api/iso_time.hpp"

#include "libagent/base/text.hpp"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <optional>

namespace libagent {

namespace {

using std::chrono::days;
using std::chrono::milliseconds;
using std::chrono::sys_days;
using std::chrono::year_month_day;

constexpr unix_millis iso_time_max = 253'402'300'799'999;  // The end of the year 9999.
constexpr unix_millis minute_ms = 60'000;
constexpr unix_millis day_ms = 1'440 * minute_ms;

void append_padded(std::string& out, unix_millis number, std::size_t digits) {
  const auto text = std::to_string(number);
  out.append(digits - std::min(digits, text.size()), '0').append(text);
}

/// Reads from the front of a text.
class iso_scanner {
public:
  explicit iso_scanner(std::string_view text) : rest_{text} {}

  [[nodiscard]] bool at_end() const { return rest_.empty(); }

  /// The first character, if it is one of `these`; it is taken then.
  std::optional<char> take(std::string_view these) {
    if (rest_.empty() || these.find(rest_.front()) == std::string_view::npos)
      return std::nullopt;
    const char found = rest_.front();
    rest_.remove_prefix(1);
    return found;
  }

  /// Exactly `digits` digits; -1 when they are not there.
  int number(std::size_t digits) {
    int value = 0;
    for (std::size_t i = 0; i < digits; ++i) {
      const auto digit = take("0123456789");
      if (!digit)
        return -1;
      value = value * 10 + (*digit - '0');
    }
    return value;
  }

  /// As `number`, at most `most`; else it fails.
  std::optional<int> number_to(std::size_t digits, int most) {
    const int value = number(digits);
    return value < 0 || value > most ? std::nullopt : std::optional{value};
  }

private:
  std::string_view rest_;
};

std::optional<unix_millis> scan_date(iso_scanner& text) {
  const int year = text.number(4);
  const bool first_dash = text.take("-").has_value();
  const int month = text.number(2);
  const bool second_dash = text.take("-").has_value();
  const int day = text.number(2);
  if (year < 0 || month < 0 || day < 0 || !first_dash || !second_dash)
    return std::nullopt;
  const year_month_day date{std::chrono::year{year},
                            std::chrono::month{static_cast<unsigned>(month)},
                            std::chrono::day{static_cast<unsigned>(day)}};
  if (!date.ok())
    return std::nullopt;
  return milliseconds{sys_days{date}.time_since_epoch()}.count();
}

/// Hours and minutes, as ms.
std::optional<unix_millis> scan_clock(iso_scanner& text) {
  const auto hour = text.number_to(2, 23);
  const bool colon = text.take(":").has_value();
  const auto minute = text.number_to(2, 59);
  if (!hour || !colon || !minute)
    return std::nullopt;
  return (*hour * unix_millis{60} + *minute) * minute_ms;
}

/// `:SS` and `.mmm`, as ms; 0 when they are not there.
std::optional<unix_millis> scan_seconds(iso_scanner& text) {
  if (!text.take(":"))
    return 0;
  const auto seconds = text.number_to(2, 59);
  if (!seconds)
    return std::nullopt;
  unix_millis total = *seconds * unix_millis{1'000};
  if (!text.take(".,"))
    return total;
  auto digit = text.number(1);
  if (digit < 0)
    return std::nullopt;
  for (unix_millis worth = 100; worth > 0 && digit >= 0; worth /= 10) {
    total += digit * worth;
    digit = worth > 1 ? text.number(1) : -1;
  }
  return total;
}

/// What has to be taken off to come to UTC.
std::optional<unix_millis> scan_offset(iso_scanner& text) {
  if (text.at_end() || text.take("Zz"))
    return 0;
  const auto sign = text.take("+-");
  const auto offset = sign ? scan_clock(text) : std::nullopt;
  if (!offset)
    return std::nullopt;
  return *sign == '+' ? *offset : -*offset;
}

std::optional<unix_millis> scan_iso_time(std::string_view given) {
  iso_scanner text{given};
  const auto date = scan_date(text);
  if (!date || text.at_end())
    return date;
  if (!text.take("Tt "))
    return std::nullopt;
  const auto clock = scan_clock(text);
  if (!clock)
    return std::nullopt;
  const auto seconds = scan_seconds(text);
  if (!seconds)
    return std::nullopt;
  const auto offset = scan_offset(text);
  if (!offset || !text.at_end())
    return std::nullopt;
  return *date + *clock + *seconds - *offset;
}

}  // namespace

std::string iso_time(unix_millis time) {
  time = std::clamp(time, unix_millis{0}, iso_time_max);
  const year_month_day date{sys_days{days{time / day_ms}}};
  const auto of_day = time % day_ms;
  std::string out;
  append_padded(out, int{date.year()}, 4);
  out += '-';
  append_padded(out, unsigned{date.month()}, 2);
  out += '-';
  append_padded(out, unsigned{date.day()}, 2);
  out += 'T';
  append_padded(out, of_day / (60 * minute_ms), 2);
  out += ':';
  append_padded(out, of_day / minute_ms % 60, 2);
  out += ':';
  append_padded(out, of_day / 1'000 % 60, 2);
  if (time % 1'000 != 0) {
    out += '.';
    append_padded(out, time % 1'000, 3);
  }
  return out + 'Z';
}

expected<unix_millis> read_iso_time(std::string_view text) {
  const auto time = scan_iso_time(text);
  if (!time || *time < 0 || *time > iso_time_max) {
    return error{errc::invalid_argument,
                 "read time " + quoted_excerpt(text) +
                     ": expected ISO 8601 from 1970 to 9999, as 2026-01-31T08:00:00Z"};
  }
  return *time;
}

}  // namespace libagent
