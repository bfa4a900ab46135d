#include "libagent/tasks/cron.hpp"

#include "libagent/base/random.hpp"

#include <catch2/catch.hpp>

#include <array>
#include <ctime>
#include <limits>
#include <set>
#include <string>
#include <vector>

using namespace libagent;

namespace {

/// Unix ms of "2024-02-29 23:59".
unix_millis utc(const std::string& text) {
  std::tm parts{};
  REQUIRE(strptime(text.c_str(), "%Y-%m-%d %H:%M", &parts) != nullptr);
  return static_cast<unix_millis>(timegm(&parts)) * 1'000;
}

std::string utc_text(unix_millis time) {
  const auto seconds = static_cast<std::time_t>(time / 1'000);
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  std::array<char, 32> buffer{};
  return {buffer.data(), std::strftime(buffer.data(), buffer.size(), "%Y-%m-%d %H:%M", &parts)};
}

std::string next_text(const std::string& expression, const std::string& after) {
  const auto cron = cron_expression::parse(expression);
  if (!cron)
    return cron.error().context;
  const auto next = cron->next_after(utc(after));
  return next ? utc_text(*next) : "never";
}

std::string why_not(const std::string& expression) {
  const auto cron = cron_expression::parse(expression);
  if (cron)
    return "accepted";
  CHECK(cron.error().code == errc::invalid_argument);
  return cron.error().context;
}

/// A field at random, as text and as the values it allows.
struct drawn_field {
  std::string text;
  std::set<int> values;
};

drawn_field draw_range(seeded_random& random, int lowest, int highest) {
  const auto first = lowest + static_cast<int>(random() % static_cast<unsigned>(highest - lowest));
  const auto last = first + static_cast<int>(random() % static_cast<unsigned>(highest - first + 1));
  const auto step = 1 + static_cast<int>(random() % 7);
  drawn_field drawn{std::to_string(first) + '-' + std::to_string(last), {}};
  if (step > 1)
    drawn.text += '/' + std::to_string(step);
  for (int value = first; value <= last; value += step) {
    drawn.values.insert(value);
  }
  return drawn;
}

drawn_field draw_field(seeded_random& random, int lowest, int highest) {
  drawn_field drawn;
  const auto kind = random() % 4;
  if (kind == 0) {
    const auto step = 1 + static_cast<int>(random() % 9) % highest;
    drawn.text = step == 1 ? "*" : "*/" + std::to_string(step);
    for (int value = lowest; value <= highest; value += step) {
      drawn.values.insert(value);
    }
    return drawn;
  }
  for (std::uint64_t i = 0; i < kind; ++i) {
    auto part = draw_range(random, lowest, highest);
    drawn.text += (i == 0 ? "" : ",") + part.text;
    drawn.values.merge(part.values);
  }
  return drawn;
}

/// Minute, hour, day of month, month, day of week.
using drawn_fields = std::array<drawn_field, 5>;

bool fits_day(const drawn_fields& fields, const std::tm& day) {
  const auto fits_date = fields[2].values.contains(day.tm_mday);
  const auto fits_week =
      fields[4].values.contains(day.tm_wday) || (day.tm_wday == 0 && fields[4].values.contains(7));
  const auto is_either = fields[2].text[0] != '*' && fields[4].text[0] != '*';
  return fields[3].values.contains(day.tm_mon + 1) &&
         (is_either ? fits_date || fits_week : fits_date && fits_week);
}

/// The first minute after `after` that fits, found by trying each; -1: none before `end`.
unix_millis scan_minutes(const drawn_fields& fields, unix_millis after, unix_millis end) {
  constexpr unix_millis minute_ms = 60'000;
  constexpr unix_millis day_ms = 86'400'000;
  for (auto time = after / minute_ms * minute_ms + minute_ms; time < end; time += minute_ms) {
    const auto seconds = static_cast<std::time_t>(time / 1'000);
    std::tm parts{};
    gmtime_r(&seconds, &parts);
    if (!fits_day(fields, parts)) {
      time += day_ms - time % day_ms - minute_ms;
      continue;
    }
    if (fields[1].values.contains(parts.tm_hour) && fields[0].values.contains(parts.tm_min))
      return time;
  }
  return -1;
}

}  // namespace

TEST_CASE("cron fields take numbers, lists, ranges, steps and names", "[tasks]") {
  CHECK(next_text("* * * * *", "2024-02-29 23:59") == "2024-03-01 00:00");
  CHECK(next_text("*/15 * * * *", "2024-02-29 10:15") == "2024-02-29 10:30");
  CHECK(next_text("5,50 8-9 * * *", "2024-02-29 08:50") == "2024-02-29 09:05");
  CHECK(next_text("10-50/20 * * * *", "2024-02-29 08:31") == "2024-02-29 08:50");
  CHECK(next_text("0 0 1 jan *", "2024-01-01 00:00") == "2025-01-01 00:00");
  CHECK(next_text("0 0 * FEB-apr Mon", "2024-04-29 00:00") == "2025-02-03 00:00");
  CHECK(next_text(" 0\t0  29 2 * ", "2024-02-29 00:00") == "2028-02-29 00:00");
}

TEST_CASE("a week may begin and end with Sunday", "[tasks]") {
  const std::string saturday = "2024-03-02 00:00";
  const auto sunday = GENERATE("0", "7", "SUN", "7-7", "0,7", "SUN-SUN");
  CHECK(next_text(std::string{"0 0 * * "} + sunday, saturday) == "2024-03-03 00:00");
  CHECK(next_text("0 0 * * SAT-SUN", saturday) == "2024-03-03 00:00");
  CHECK(next_text("0 0 * * FRI-SUN", "2024-03-03 00:00") == "2024-03-08 00:00");
  CHECK(next_text("0 0 * * 5-7", "2024-03-03 00:00") == "2024-03-08 00:00");
  CHECK(next_text("0 0 * * SUN-MON", "2024-03-04 00:00") == "2024-03-10 00:00");
}

TEST_CASE("cron nicknames stand for the usual five fields", "[tasks]") {
  const std::string friday = "2024-03-01 00:00";
  CHECK(next_text("@hourly", friday) == "2024-03-01 01:00");
  CHECK(next_text("@daily", friday) == "2024-03-02 00:00");
  CHECK(next_text("@midnight", friday) == "2024-03-02 00:00");
  CHECK(next_text("@weekly", friday) == "2024-03-03 00:00");
  CHECK(next_text("@monthly", friday) == "2024-04-01 00:00");
  CHECK(next_text("@yearly", friday) == "2025-01-01 00:00");
  CHECK(next_text(" @annually ", friday) == "2025-01-01 00:00");
}

TEST_CASE("when both day fields are restricted either of them will do", "[tasks]") {
  const std::string friday = "2024-03-01 00:00";
  CHECK(next_text("0 0 13 * MON", friday) == "2024-03-04 00:00");
  CHECK(next_text("0 0 13 * MON", "2024-03-11 00:00") == "2024-03-13 00:00");
  CHECK(next_text("0 0 13 * *", friday) == "2024-03-13 00:00");
  CHECK(next_text("0 0 */12 * MON", friday) == "2024-03-25 00:00");
  CHECK(next_text("0 0 13 * */5", friday) == "2024-09-13 00:00");
}

TEST_CASE("a rare cron time is found however far it is", "[tasks]") {
  CHECK(next_text("0 0 29 2 *", "2096-02-29 00:00") == "2104-02-29 00:00");
  CHECK(next_text("0 0 29-30/9 2 *", "1970-01-01 00:00") == "1972-02-29 00:00");
  // A 29 February that is a Sunday; 2100 is no leap year.
  CHECK(next_text("0 0 29 2 */7", "2088-02-29 00:00") == "2128-02-29 00:00");
  CHECK(next_text("0 0 */30 * *", "2024-01-31 00:00") == "2024-02-01 00:00");
}

TEST_CASE("cron times lie strictly after the time asked about, and from 1970 to 9999", "[tasks]") {
  const auto cron = cron_expression::parse("0 0 * * *");
  REQUIRE(cron);
  const auto midnight = utc("2024-03-01 00:00");
  CHECK(cron->next_after(midnight - 1) == midnight);
  CHECK(cron->next_after(midnight) == midnight + 86'400'000);
  CHECK(cron->next_after(-1) == 0);
  CHECK(cron->next_after(std::numeric_limits<unix_millis>::min()) == 0);
  const auto last = utc("9999-12-31 00:00");
  CHECK(cron->next_after(last - 1) == last);
  CHECK(cron->next_after(last) == std::nullopt);
  CHECK(cron->next_after(std::numeric_limits<unix_millis>::max()) == std::nullopt);
}

TEST_CASE("a wrong cron field is refused with its name, its text and what is allowed", "[tasks]") {
  const auto [expression, why] = GENERATE(table<std::string, std::string>({
      {"60 * * * *", "minute \"60\": allowed is 0 to 59"},
      {"* 24 * * *", "hour \"24\": allowed is 0 to 23"},
      {"* 1-24 * * *", "hour \"1-24\": allowed is 0 to 23"},
      {"* * 0 * *", "day-of-month \"0\": allowed is 1 to 31"},
      {"* * * 13 *", "month \"13\": allowed is 1 to 12 or JAN to DEC"},
      {"* * * MAI *", "month \"MAI\": allowed is 1 to 12 or JAN to DEC"},
      {"* * * * 8", "day-of-week \"8\": allowed is 0 to 7 or SUN to SAT"},
      {"* * JAN * *", "day-of-month \"JAN\": allowed is 1 to 31"},
      {"-1 * * * *", "minute \"-1\": allowed is 0 to 59"},
      {"+1 * * * *", "minute \"+1\": allowed is 0 to 59"},
      {"1,,2 * * * *", "minute \"\": allowed is 0 to 59"},
      {"1, * * * *", "minute \"1,\": nothing follows the last comma"},
      {"* 9-5 * * *", "hour \"9-5\": the range ends before it begins"},
      {"*/0 * * * *", "minute \"*/0\": a step is a number from 1 to 59"},
      {"*/60 * * * *", "minute \"*/60\": a step is a number from 1 to 59"},
      {"*/ * * * *", "minute \"*/\": a step is a number from 1 to 59"},
      {"*/5/5 * * * *", "minute \"*/5/5\": a step is a number from 1 to 59"},
      {"5/15 * * * *", "minute \"5/15\": a step needs a range before it, as 5-59/15"},
      {"99999999999 * * * *", "minute \"99999999999\": allowed is 0 to 59"},
      {"** * * * *", "minute \"**\": allowed is 0 to 59"},
  }));
  CHECK(why_not(expression) == "read cron expression: " + why);
}

TEST_CASE("a cron expression that is none as a whole is refused", "[tasks]") {
  CHECK_THAT(why_not(""), Catch::Contains("has 0 fields, expected 5: minute hour"));
  CHECK_THAT(why_not("* * * *"), Catch::Contains("\"* * * *\" has 4 fields"));
  CHECK_THAT(why_not("* * * * * *"), Catch::Contains("has 6 fields"));
  CHECK_THAT(why_not("@reboot"), Catch::Contains("\"@reboot\" is none of @hourly"));
  CHECK_THAT(why_not("@daily *"), Catch::Contains("is none of @hourly"));
  CHECK_THAT(why_not(std::string(257, ' ')), Catch::Contains("257 bytes, the limit is 256"));
}

TEST_CASE("a cron time that never comes is refused", "[tasks]") {
  CHECK_THAT(why_not("0 0 30 2 *"), Catch::Contains("\"0 0 30 2 *\" never comes"));
  CHECK_THAT(why_not("0 0 31 4,6,9,11 *"), Catch::Contains("never comes"));
  CHECK(why_not("0 0 29 2 *") == "accepted");
  CHECK(why_not("0 0 30 2 MON") == "accepted");
  CHECK_THAT(why_not("0 0 30 2 */3"), Catch::Contains("never comes"));
}

TEST_CASE("cron finds the same minute as a look at every one of them", "[tasks]") {
  const auto seed = GENERATE(range(0U, 300U));
  seeded_random random{seed};
  const drawn_fields fields{draw_field(random, 0, 59), draw_field(random, 0, 23),
                            draw_field(random, 1, 31), draw_field(random, 1, 12),
                            draw_field(random, 0, 7)};
  std::string text;
  for (const auto& field : fields) {
    text += field.text + ' ';
  }
  CAPTURE(seed, text);
  const auto cron = cron_expression::parse(text);
  constexpr unix_millis horizon = 86'400'000LL * 366 * 9;
  auto time = static_cast<unix_millis>(random() % (86'400'000ULL * 365 * 120));
  if (!cron) {
    CHECK_THAT(cron.error().context, Catch::Contains("never comes"));
    CHECK(scan_minutes(fields, time, time + horizon) == -1);
    return;
  }
  for (int i = 0; i < 20; ++i) {
    const auto wanted = scan_minutes(fields, time, time + horizon);
    const auto found = cron->next_after(time);
    REQUIRE(found);
    if (wanted == -1) {
      REQUIRE(*found >= time + horizon);
      return;
    }
    REQUIRE(utc_text(*found) == utc_text(wanted));
    time = wanted + static_cast<unix_millis>(random() % (random() % 2 == 0 ? 1 : 40'000'000));
  }
}
