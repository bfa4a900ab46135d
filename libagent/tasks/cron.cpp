#include "libagent/tasks/cron.hpp"

#include "libagent/base/text.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <span>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

namespace libagent {

namespace {

using std::chrono::days;
using std::chrono::minutes;
using std::chrono::sys_days;

constexpr std::array<std::string_view, 12> month_names{"JAN", "FEB", "MAR", "APR", "MAY", "JUN",
                                                       "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"};
constexpr std::array<std::string_view, 7> day_names{"SUN", "MON", "TUE", "WED",
                                                    "THU", "FRI", "SAT"};

/// One of the five fields: what it is called and which values it takes.
struct cron_field {
  std::string_view name;
  unsigned lowest;
  unsigned highest;
  std::span<const std::string_view> names;  ///< Of `lowest` and those after it.
};

const std::array<cron_field, 5> cron_fields{{{"minute", 0, 59, {}},
                                             {"hour", 0, 23, {}},
                                             {"day-of-month", 1, 31, {}},
                                             {"month", 1, 12, month_names},
                                             {"day-of-week", 0, 7, day_names}}};

constexpr std::array<std::pair<std::string_view, std::string_view>, 7> cron_nicknames{
    {{"@hourly", "0 * * * *"},
     {"@daily", "0 0 * * *"},
     {"@midnight", "0 0 * * *"},
     {"@weekly", "0 0 * * 0"},
     {"@monthly", "0 0 1 * *"},
     {"@yearly", "0 0 1 1 *"},
     {"@annually", "0 0 1 1 *"}}};

error bad_cron(const std::string& what) {
  return {errc::invalid_argument, "read cron expression: " + what};
}

error bad_cron_part(const cron_field& field, std::string_view part, const std::string& why) {
  return bad_cron(std::string{field.name} + ' ' + quoted_excerpt(part) + ": " + why);
}

/// What a field takes, for people: "allowed is 1 to 12 or JAN to DEC".
std::string allowed_values(const cron_field& field) {
  auto text = "allowed is " + std::to_string(field.lowest) + " to " + std::to_string(field.highest);
  if (!field.names.empty()) {
    text += " or " + std::string{field.names.front()} + " to " + std::string{field.names.back()};
  }
  return text;
}

bool is_same_name(std::string_view left, std::string_view right) {
  return std::ranges::equal(left, right, [](char a, char b) {
    return (a >= 'a' && a <= 'z' ? static_cast<char>(a - 'a' + 'A') : a) == b;
  });
}

std::optional<unsigned> whole_number(std::string_view text) {
  unsigned number = 0;
  const auto* end = text.data() + text.size();
  const auto read = std::from_chars(text.data(), end, number);
  if (read.ec != std::errc{} || read.ptr != end)
    return std::nullopt;
  return number;
}

/// A number or a name; empty when it is neither or out of range.
std::optional<unsigned> cron_value(const cron_field& field, std::string_view text) {
  for (std::size_t i = 0; i < field.names.size(); ++i) {
    if (is_same_name(text, field.names[i]))
      return field.lowest + static_cast<unsigned>(i);
  }
  const auto number = whole_number(text);
  if (!number || *number < field.lowest || *number > field.highest)
    return std::nullopt;
  return number;
}

struct cron_range {
  unsigned first;
  unsigned last;
};

/// Reads "*", "5" or "1-5".
expected<cron_range> cron_range_of(const cron_field& field, std::string_view part,
                                   std::string_view text) {
  if (text == "*")
    return cron_range{field.lowest, field.highest};
  const auto dash = text.find('-');
  const auto first = cron_value(field, text.substr(0, dash));
  if (!first)
    return bad_cron_part(field, part, allowed_values(field));
  if (dash == std::string_view::npos)
    return cron_range{*first, *first};
  auto last = cron_value(field, text.substr(dash + 1));
  if (!last)
    return bad_cron_part(field, part, allowed_values(field));
  if (*last == 0 && *first > 0 && !field.names.empty())
    last = 7;  // "FRI-SUN": a week may end with Sunday.
  if (*first > *last)
    return bad_cron_part(field, part, "the range ends before it begins");
  return cron_range{*first, *last};
}

/// Reads one part of a list: a range, and perhaps a step.
expected<std::uint64_t> cron_bits_of(const cron_field& field, std::string_view part) {
  const auto slash = part.find('/');
  const auto text = part.substr(0, slash);
  const auto range = cron_range_of(field, part, text);
  if (!range)
    return range.error();
  unsigned step = 1;
  if (slash != std::string_view::npos) {
    const auto number = whole_number(part.substr(slash + 1));
    if (!number || *number == 0 || *number > field.highest) {
      return bad_cron_part(field, part,
                           "a step is a number from 1 to " + std::to_string(field.highest));
    }
    if (text != "*" && text.find('-') == std::string_view::npos) {
      return bad_cron_part(field, part,
                           "a step needs a range before it, as " + std::string{text} + '-' +
                               std::to_string(field.highest) + '/' + std::to_string(*number));
    }
    step = *number;
  }
  std::uint64_t bits = 0;
  for (auto value = range->first; value <= range->last; value += step) {
    bits |= std::uint64_t{1} << value;
  }
  return bits;
}

expected<std::uint64_t> cron_field_bits(const cron_field& field, std::string_view list) {
  if (list.ends_with(','))
    return bad_cron_part(field, list, "nothing follows the last comma");
  std::uint64_t bits = 0;
  for (const auto part : split_list(list)) {
    const auto added = cron_bits_of(field, part);
    if (!added)
      return added.error();
    bits |= *added;
  }
  return bits;
}

/// Splits at blanks and tabs.
std::vector<std::string_view> cron_words(std::string_view text) {
  constexpr std::string_view blanks = " \t";
  std::vector<std::string_view> words;
  for (auto begin = text.find_first_not_of(blanks); begin != std::string_view::npos;
       begin = text.find_first_not_of(blanks, begin)) {
    const auto end = std::min(text.find_first_of(blanks, begin), text.size());
    words.push_back(text.substr(begin, end - begin));
    begin = end;
  }
  return words;
}

/// The five fields that a nickname stands for; other text as it is.
expected<std::string_view> without_nickname(std::string_view text) {
  const auto words = cron_words(text);
  if (words.empty() || !words.front().starts_with('@'))
    return text;
  for (const auto& [name, fields] : cron_nicknames) {
    if (words.size() == 1 && words.front() == name)
      return fields;
  }
  return bad_cron(quoted_excerpt(text) +
                  " is none of @hourly, @daily, @weekly, @monthly and @yearly");
}

std::uint64_t bit(unsigned value) {
  return std::uint64_t{1} << value;
}

/// The lowest set bit from `from` on; 64: none.
unsigned first_bit_from(std::uint64_t bits, unsigned from) {
  return static_cast<unsigned>(std::countr_zero(from < 64 ? bits >> from << from : 0));
}

constexpr sys_days days_end{std::chrono::year{10'000} / 1 / 1};

}  // namespace

expected<cron_expression> cron_expression::parse(std::string_view text) {
  if (text.size() > text_bytes_max) {
    return bad_cron("it has " + std::to_string(text.size()) + " bytes, the limit is " +
                    std::to_string(text_bytes_max));
  }
  const auto fields = without_nickname(text);
  if (!fields)
    return fields.error();
  const auto words = cron_words(*fields);
  if (words.size() != cron_fields.size()) {
    return bad_cron(quoted_excerpt(text) + " has " + std::to_string(words.size()) +
                    " fields, expected 5: minute hour day-of-month month day-of-week");
  }
  std::array<std::uint64_t, 5> bits{};
  for (std::size_t i = 0; i < bits.size(); ++i) {
    const auto read = cron_field_bits(cron_fields[i], words[i]);
    if (!read)
      return read.error();
    bits[i] = *read;
  }
  cron_expression parsed;
  parsed.minutes_ = bits[0];
  parsed.hours_ = bits[1];
  parsed.month_days_ = bits[2];
  parsed.months_ = bits[3];
  parsed.week_days_ = (bits[4] | bits[4] >> 7U) & 0x7FU;
  parsed.is_any_day_enough_ = !words[2].starts_with('*') && !words[4].starts_with('*');
  // The calendar repeats itself, days of the week included, every 400 years.
  const sys_days first{std::chrono::year{1970} / 1 / 1};
  if (!parsed.first_day_from(first, first + days{146'097}))
    return bad_cron(quoted_excerpt(text) + " never comes: no such month has such a day");
  return parsed;
}

bool cron_expression::fits(const std::chrono::year_month_day& day) const {
  const auto fits_month_day = (month_days_ & bit(unsigned{day.day()})) != 0;
  const auto week_day = std::chrono::weekday{sys_days{day}}.c_encoding();
  const auto fits_week_day = (week_days_ & bit(week_day)) != 0;
  return is_any_day_enough_ ? fits_month_day || fits_week_day : fits_month_day && fits_week_day;
}

std::optional<sys_days> cron_expression::first_day_from(sys_days day, sys_days end) const {
  while (day < end) {
    const std::chrono::year_month_day date{day};
    if ((months_ & bit(unsigned{date.month()})) == 0) {
      day = sys_days{date.year() / date.month() / 1 + std::chrono::months{1}};
      continue;
    }
    if (fits(date))
      return day;
    day += days{1};
  }
  return std::nullopt;
}

std::optional<minutes> cron_expression::first_minute_from(minutes time) const {
  const auto hour = static_cast<unsigned>(time.count() / 60);
  const auto minute = static_cast<unsigned>(time.count() % 60);
  if (first_bit_from(hours_, hour) == hour) {
    if (const auto found = first_bit_from(minutes_, minute); found < 64)
      return minutes{hour * 60 + found};
  }
  const auto later = first_bit_from(hours_, hour + 1);
  if (later >= 64)
    return std::nullopt;
  return minutes{later * 60 + first_bit_from(minutes_, 0)};
}

std::optional<unix_millis> cron_expression::next_after(unix_millis after) const {
  using std::chrono::milliseconds;
  using sys_millis = std::chrono::sys_time<milliseconds>;
  if (after >= sys_millis{days_end}.time_since_epoch().count())
    return std::nullopt;
  const sys_millis time{milliseconds{std::max(after, unix_millis{-1})}};
  const auto from = std::chrono::floor<minutes>(time) + minutes{1};
  const auto today = std::chrono::floor<days>(from);
  auto day = first_day_from(today, days_end);
  if (!day)
    return std::nullopt;
  auto minute = first_minute_from(*day == today ? from - today : minutes{0});
  if (!minute) {
    day = first_day_from(today + days{1}, days_end);
    minute = first_minute_from(minutes{0});
  }
  if (!day)
    return std::nullopt;
  return sys_millis{*day + *minute}.time_since_epoch().count();
}

}  // namespace libagent
