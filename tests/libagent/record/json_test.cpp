#include "libagent/record/json.hpp"

#include "libagent/base/random.hpp"
#include "libagent/tasks/task.hpp"

#include "tests/support/sample_records.hpp"

#include <catch2/catch.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

using namespace libagent;

namespace {

std::size_t below(seeded_random& random, std::size_t end) {
  return static_cast<std::size_t>(random() % end);
}

/// Text with quotes, controls, two-, three- and four-byte characters.
std::string random_text(seeded_random& random, std::size_t size_max) {
  static const std::vector<std::string> pieces{
      "a", "Z", R"(")", R"(\)",     "\n",           "\x01",
      "/", "~", " ",    "\xC3\xA9", "\xE4\xB8\xAD", "\xF0\x9F\x98\x80"};
  std::string text;
  for (auto left = below(random, size_max / 4 + 1); left > 0; --left)
    text += pieces[below(random, pieces.size())];
  return text;
}

/// Finite, of any magnitude.
double random_double(seeded_random& random) {
  const auto sign = (random() & 1U) != 0 ? 1.0 : -1.0;
  return sign * std::ldexp(random.unit(), static_cast<int>(below(random, 600)) - 300);
}

sample::forecast random_forecast(seeded_random& random) {
  sample::forecast value;
  value.city = random_text(random, 16);
  for (auto left = below(random, 4); left > 0; --left) {
    value.days.push_back({random_text(random, 40), random_double(random),
                          static_cast<sample::sky>(below(random, 3))});
  }
  if (below(random, 2) == 0)
    value.note = random_text(random, 100);
  for (auto left = below(random, 3); left > 0; --left)
    value.scores[random_text(random, 8)] = static_cast<std::int32_t>(random());
  return value;
}

sample::scalars random_scalars(seeded_random& random) {
  sample::scalars value;
  value.flag = below(random, 2) == 0;
  value.i8 = static_cast<std::int8_t>(random());
  value.u8 = static_cast<std::uint8_t>(random());
  value.i16 = static_cast<std::int16_t>(random());
  value.u16 = static_cast<std::uint16_t>(random());
  value.i32 = static_cast<std::int32_t>(random());
  value.u32 = static_cast<std::uint32_t>(random());
  value.i64 = static_cast<std::int64_t>(random());
  value.u64 = random();
  value.f32 = static_cast<float>(random.unit());
  value.f64 = random_double(random);
  value.wait = std::chrono::milliseconds{below(random, 1'000'000'000)};
  value.id = make_task_id(static_cast<unix_millis>(below(random, 1ULL << 40U)), random(), random());
  value.extra = raw_json{below(random, 2) == 0 ? "" : R"({"a":[1,"x"]})"};
  value.pair = {static_cast<std::int32_t>(random()), static_cast<std::int32_t>(random())};
  return value;
}

sample::nested random_nested(seeded_random& random) {
  sample::nested value;
  for (auto left = below(random, 4); left > 0; --left) {
    value.table.emplace_back(below(random, 3), static_cast<std::int32_t>(random()));
    value.bits.push_back(below(random, 2) == 0);
    value.words[random_text(random, 20)] = {random_text(random, 20), random_text(random, 20)};
    value.weights[random_text(random, 20)] = random_double(random);
    value.holes.push_back(below(random, 2) == 0 ? std::optional<std::int32_t>{}
                                                : static_cast<std::int32_t>(random()));
  }
  if (below(random, 2) == 0)
    value.inner = random_forecast(random);
  value.percent = static_cast<std::int32_t>(below(random, 101));
  value.ratio = 0.5 + random.unit() / 2;
  return value;
}

/// Changes, removes, doubles or inserts a few bytes, often ones that mean something in JSON.
std::string mutated(std::string text, seeded_random& random) {
  static const std::string telling = "{}[]\",:\\-.0e\x80\xFF\n";
  for (auto left = 1 + below(random, 4); left > 0; --left) {
    const auto at = below(random, text.size() + 1);
    const auto byte = below(random, 2) == 0 ? telling[below(random, telling.size())]
                                            : static_cast<char>(random());
    switch (below(random, 4)) {
      case 0: text.insert(at, 1, byte); break;
      case 1: text.erase(at == text.size() ? 0 : at, 1); break;
      case 2: text.insert(at, text.substr(at, below(random, 20))); break;
      default:
        if (at < text.size())
          text[at] = byte;
    }
  }
  return text;
}

/// A mutated text is either refused with an error that says something, or is a record that
/// survives the round trip.
template <class T>
bool refused_or_sound(const std::string& text) {
  const auto read = from_json<T>(text);
  if (!read)
    return !read.error().context.empty() && read.error().context.size() < 1'000;
  const auto again = from_json<T>(to_json(*read));
  return again && *again == *read;
}

}  // namespace

TEST_CASE("random records survive the round trip through JSON", "[record]") {
  for (std::uint64_t seed = 0; seed < 500; ++seed) {
    CAPTURE(seed);
    seeded_random random{seed};
    const auto forecast = random_forecast(random);
    const auto scalars = random_scalars(random);
    const auto nested = random_nested(random);
    REQUIRE(from_json<sample::forecast>(to_json(forecast)).value() == forecast);
    REQUIRE(from_json<sample::scalars>(to_json(scalars)).value() == scalars);
    REQUIRE(from_json<sample::nested>(to_json(nested)).value() == nested);
  }
}

TEST_CASE("mutated JSON is refused with an error or read soundly, and never crashes", "[record]") {
  for (std::uint64_t seed = 0; seed < 3'000; ++seed) {
    CAPTURE(seed);
    seeded_random random{seed};
    REQUIRE(refused_or_sound<sample::forecast>(mutated(to_json(random_forecast(random)), random)));
    REQUIRE(refused_or_sound<sample::scalars>(mutated(to_json(random_scalars(random)), random)));
    REQUIRE(refused_or_sound<sample::nested>(mutated(to_json(random_nested(random)), random)));
  }
}

TEST_CASE("limits given to from_json are kept", "[record]") {
  CHECK(from_json<std::vector<int>>("[1,2]", {.bytes_max = 5}));
  CHECK(from_json<std::vector<int>>("[1,22]", {.bytes_max = 5}).error().code == errc::too_large);
  CHECK_FALSE(from_json<raw_json>("[[[]]]", {.depth_max = 2}));
}
