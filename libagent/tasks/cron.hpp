#pragma once

#include "libagent/base/expected.hpp"
#include "libagent/base/time.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace libagent {

/// Times that come again and again, in UTC, as crontab(5) of Vixie cron writes them.
///
/// Five fields: minute (0-59), hour (0-23), day-of-month (1-31), month (1-12 or JAN-DEC) and
/// day-of-week (0-7 or SUN-SAT; 0 and 7 are Sunday). Each is a list of numbers, ranges (`1-5`) and
/// `*`, the latter two also with a step (`*/15`, `10-50/20`). When neither day field begins with
/// `*`, a day that fits either of them will do; else it must fit both. Also `@hourly`, `@daily`
/// (`@midnight`), `@weekly`, `@monthly` and `@yearly` (`@annually`).
class cron_expression {
public:
  static constexpr std::size_t text_bytes_max = 256;

  /// Errors: `invalid_argument`, naming the field, its text and what is allowed; also for a time
  /// that never comes, as 30 February.
  [[nodiscard]] static expected<cron_expression> parse(std::string_view text);

  /// The first time later than `after`: the begin of a minute. None is before 1970; empty past the
  /// year 9999. Cost: a look at each day of the matching months until then, so at most some tens of
  /// microseconds, for a 29 February that must be a Sunday.
  [[nodiscard]] std::optional<unix_millis> next_after(unix_millis after) const;

  friend bool operator==(const cron_expression&, const cron_expression&) = default;

private:
  [[nodiscard]] bool fits(const std::chrono::year_month_day& day) const;
  [[nodiscard]] std::optional<std::chrono::sys_days> first_day_from(
      std::chrono::sys_days day, std::chrono::sys_days end) const;
  [[nodiscard]] std::optional<std::chrono::minutes> first_minute_from(
      std::chrono::minutes time) const;

  // Bit n of each stands for the value n.
  std::uint64_t minutes_ = 0;
  std::uint64_t hours_ = 0;
  std::uint64_t month_days_ = 0;
  std::uint64_t months_ = 0;
  std::uint64_t week_days_ = 0;
  bool is_any_day_enough_ = false;  // Neither day field begins with `*`.
};

}  // namespace libagent
