#pragma once

#include "libagent/base/task_id.hpp"
#include "libagent/record/field.hpp"

#include <array>
#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

/// Records outside namespace libagent, as users write them, with every kind of field.
namespace sample {

enum class sky : std::uint8_t { clear, cloudy, rain };

struct day {
  std::string name;
  double high = 0;
  sky weather = sky::clear;

  friend bool operator==(const day&, const day&) = default;
};

template <class Inspector>
bool inspect(Inspector& f, day& x) {
  return libagent::record(f, x, "day", libagent::field("name", "Name of the day.", x.name),
                          libagent::field("high", "Highest temperature.", x.high).fallback(0.0),
                          libagent::field("sky", "How it looks.", x.weather).fallback(sky::clear));
}

struct forecast {
  std::string city;
  std::vector<day> days;
  std::optional<std::string> note;
  std::map<std::string, std::int32_t> scores;

  friend bool operator==(const forecast&, const forecast&) = default;
};

template <class Inspector>
bool inspect(Inspector& f, forecast& x) {
  return libagent::record(
      f, x, "forecast", libagent::field("city", "Where.", x.city).max_size(16),
      libagent::field("days", "Day by day.", x.days).fallback({}).max_size(3),
      libagent::field("note", "Anything else.", x.note),
      libagent::field("scores", "Points by name.", x.scores).fallback({}).max_size(2));
}

/// One field of every scalar type.
struct scalars {
  bool flag = false;
  std::int8_t i8 = 0;
  std::uint8_t u8 = 0;
  std::int16_t i16 = 0;
  std::uint16_t u16 = 0;
  std::int32_t i32 = 0;
  std::uint32_t u32 = 0;
  std::int64_t i64 = 0;
  std::uint64_t u64 = 0;
  float f32 = 0;
  double f64 = 0;
  std::chrono::milliseconds wait{0};
  libagent::task_id id;
  libagent::raw_json extra;
  std::array<std::int32_t, 2> pair{};

  friend bool operator==(const scalars&, const scalars&) = default;
};

template <class Inspector>
bool inspect(Inspector& f, scalars& x) {
  using libagent::field;
  const scalars zero;
  return libagent::record(f, x, "scalars", field("flag", "A flag.", x.flag).fallback(zero.flag),
                          field("i8", "8 bits.", x.i8).fallback(zero.i8),
                          field("u8", "8 bits.", x.u8).fallback(zero.u8),
                          field("i16", "16 bits.", x.i16).fallback(zero.i16),
                          field("u16", "16 bits.", x.u16).fallback(zero.u16),
                          field("i32", "32 bits.", x.i32).fallback(zero.i32),
                          field("u32", "32 bits.", x.u32).fallback(zero.u32),
                          field("i64", "64 bits.", x.i64).fallback(zero.i64),
                          field("u64", "64 bits.", x.u64).fallback(zero.u64),
                          field("f32", "A float.", x.f32).fallback(zero.f32),
                          field("f64", "A double.", x.f64).fallback(zero.f64),
                          field("wait_ms", "A time.", x.wait).fallback(zero.wait),
                          field("id", "An id.", x.id).fallback(zero.id),
                          field("extra", "Any JSON.", x.extra).fallback(zero.extra),
                          field("pair", "Two numbers.", x.pair).fallback(zero.pair));
}

/// Containers in containers, and fields with ranges.
struct nested {
  std::vector<std::vector<std::int32_t>> table;
  std::vector<bool> bits;
  std::map<std::string, std::vector<std::string>> words;
  std::unordered_map<std::string, double> weights;
  std::vector<std::optional<std::int32_t>> holes;
  std::optional<forecast> inner;
  std::int32_t percent = 0;
  double ratio = 0;

  friend bool operator==(const nested&, const nested&) = default;
};

template <class Inspector>
bool inspect(Inspector& f, nested& x) {
  using libagent::field;
  return libagent::record(f, x, "nested", field("table", "Rows.", x.table).fallback({}),
                          field("bits", "Flags.", x.bits).fallback({}),
                          field("words", "Lists.", x.words).fallback({}),
                          field("weights", "By name.", x.weights).fallback({}),
                          field("holes", "Some are missing.", x.holes).fallback({}),
                          field("inner", "A record.", x.inner),
                          field("percent", "0 to 100.", x.percent).fallback(0).range(0, 100),
                          field("ratio", "0.5 to 1.", x.ratio).fallback(1.0).range(0.5, 1));
}

struct no_fields {
  friend bool operator==(const no_fields&, const no_fields&) = default;
};

template <class Inspector>
bool inspect(Inspector& f, no_fields& x) {
  return libagent::record(f, x, "no_fields");
}

}  // namespace sample

template <>
struct libagent::enum_names<sample::sky> {
  static constexpr std::array<std::pair<sample::sky, std::string_view>, 3> values{
      {{sample::sky::clear, "clear"},
       {sample::sky::cloudy, "cloudy"},
       {sample::sky::rain, "rain"}}};
};
