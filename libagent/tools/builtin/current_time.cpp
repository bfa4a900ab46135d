#include "libagent/tools/builtin/current_time.hpp"

#include "libagent/base/text.hpp"

#include <array>
#include <chrono>
#include <cstdio>
#include <optional>
#include <string_view>

namespace libagent {

namespace {

constexpr std::array<const char*, 7> weekday_names{"Sunday",   "Monday", "Tuesday", "Wednesday",
                                                   "Thursday", "Friday", "Saturday"};

std::optional<unsigned> two_digits(std::string_view text) {
  if (text[0] < '0' || text[0] > '9' || text[1] < '0' || text[1] > '9')
    return std::nullopt;
  return static_cast<unsigned>((text[0] - '0') * 10 + (text[1] - '0'));
}

std::optional<std::chrono::minutes> parse_utc_offset(std::string_view text) {
  if (text == "Z" || text == "z")
    return std::chrono::minutes{0};
  if (text.size() != 6 || (text[0] != '+' && text[0] != '-') || text[3] != ':')
    return std::nullopt;
  const auto hours = two_digits(text.substr(1, 2));
  const auto minutes = two_digits(text.substr(4, 2));
  if (!hours || !minutes || *minutes > 59)
    return std::nullopt;
  const std::chrono::minutes offset{*hours * 60 + *minutes};
  if (offset > std::chrono::hours{18})
    return std::nullopt;
  return text[0] == '-' ? -offset : offset;
}

}  // namespace

tool_spec current_time_spec() {
  return {.name = "current_time",
          .description = "Tells the date and time, in UTC or at an offset from it.",
          .tool_lane = lane::interactive,
          .tool_isolation = isolation::inline_call,
          .tool_effects = effects::idempotent,
          .timeout = std::chrono::seconds{5}};
}

expected<current_time_output> current_time(const current_time_input& in, unix_millis now) {
  const auto offset = parse_utc_offset(in.utc_offset);
  if (!offset) {
    return error{errc::invalid_argument,
                 "/utc_offset: expected Z, +hh:mm or -hh:mm up to 18:00, "
                 "got " +
                     quoted_excerpt(in.utc_offset)};
  }
  using namespace std::chrono;
  const sys_time<milliseconds> there = sys_time<milliseconds>{milliseconds{now}} + *offset;
  const auto day = floor<days>(there);
  const year_month_day date{day};
  const hh_mm_ss time{floor<seconds>(there - day)};
  std::array<char, 48> text{};
  std::snprintf(text.data(), text.size(), "%04d-%02u-%02uT%02d:%02d:%02d",
                static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                static_cast<unsigned>(date.day()), static_cast<int>(time.hours().count()),
                static_cast<int>(time.minutes().count()), static_cast<int>(time.seconds().count()));
  const auto suffix = *offset == minutes{0} ? std::string{"Z"} : in.utc_offset;
  return current_time_output{text.data() + suffix, weekday_names[weekday{day}.c_encoding()], now};
}

}  // namespace libagent
