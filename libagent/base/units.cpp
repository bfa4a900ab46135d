#include "libagent/base/units.hpp"

#include "libagent/base/text.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <optional>
#include <ranges>
#include <span>

namespace libagent {

namespace {

struct unit_factor {
  std::string_view name;
  std::uint64_t factor;
};

constexpr std::array<unit_factor, 9> byte_units{{{"B", 1},
                                                 {"kB", 1'000},
                                                 {"MB", 1'000'000},
                                                 {"GB", 1'000'000'000},
                                                 {"TB", 1'000'000'000'000},
                                                 {"KiB", 1ULL << 10U},
                                                 {"MiB", 1ULL << 20U},
                                                 {"GiB", 1ULL << 30U},
                                                 {"TiB", 1ULL << 40U}}};

constexpr std::array<unit_factor, 7> time_units{{{"ns", 1},
                                                 {"us", 1'000},
                                                 {"ms", 1'000'000},
                                                 {"s", 1'000'000'000},
                                                 {"m", 60'000'000'000},
                                                 {"h", 3'600'000'000'000},
                                                 {"d", 86'400'000'000'000}}};

constexpr std::uint64_t duration_max_ns = 36'500ULL * 86'400'000'000'000ULL;

/// What people write for an amount, taken apart: "1.25 GB" is 1, 250 thousandths, "GB".
struct written_amount {
  std::uint64_t whole = 0;
  std::uint64_t thousandths = 0;
  std::string_view unit;
};

std::optional<std::uint64_t> take_digits(std::string_view& text) {
  std::uint64_t number = 0;
  const auto done = std::from_chars(text.data(), text.data() + text.size(), number);
  if (done.ec != std::errc{} || done.ptr == text.data())
    return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(done.ptr - text.data()));
  return number;
}

std::optional<written_amount> take_apart(std::string_view text) {
  written_amount amount;
  const auto whole = take_digits(text);
  if (!whole)
    return std::nullopt;
  amount.whole = *whole;
  if (text.starts_with('.')) {
    text.remove_prefix(1);
    const auto before = text.size();
    const auto fraction = take_digits(text);
    const auto digits = before - text.size();
    if (!fraction || digits > 3)
      return std::nullopt;
    amount.thousandths = *fraction * (digits == 1 ? 100U : digits == 2 ? 10U : 1U);
  }
  if (text.starts_with(' '))
    text.remove_prefix(1);
  amount.unit = text;
  return amount;
}

bool same_unit(std::string_view a, std::string_view b) {
  const auto lower = [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  };
  return std::ranges::equal(a, b, {}, lower, lower);
}

std::optional<std::uint64_t> factor_of(std::string_view unit, std::span<const unit_factor> units) {
  const auto found = std::ranges::find_if(
      units, [unit](const unit_factor& known) { return same_unit(unit, known.name); });
  if (found == units.end())
    return std::nullopt;
  return found->factor;
}

/// The amount in base units; empty when it has a remainder or is more than `most`.
std::optional<std::uint64_t> amount_in(const written_amount& amount, std::uint64_t factor,
                                       std::uint64_t most) {
  if (amount.whole > most / factor || amount.thousandths * factor % 1'000 != 0)
    return std::nullopt;
  const auto total = amount.whole * factor + amount.thousandths * factor / 1'000;
  return total <= most ? std::optional{total} : std::nullopt;
}

std::string amount_text(std::uint64_t amount, std::span<const unit_factor> units) {
  for (const auto& unit : std::views::reverse(units)) {
    if (amount % unit.factor == 0)
      return std::to_string(amount / unit.factor) + std::string{unit.name};
  }
  return std::to_string(amount);
}

error unreadable(std::string_view what, std::string_view text, const std::string& why) {
  return {errc::invalid_argument,
          "read " + std::string{what} + " " + quoted_excerpt(text) + ": " + why};
}

}  // namespace

expected<byte_size> parse_byte_size(std::string_view text) {
  const auto amount = take_apart(text);
  if (!amount)
    return unreadable("size", text, "expected a size such as 64MiB, 1.5GB or 65536");
  const auto factor = amount->unit.empty() ? 1 : factor_of(amount->unit, byte_units);
  if (!factor) {
    return unreadable("size", text,
                      "unknown unit " + quoted_excerpt(amount->unit) +
                          " (known: B, kB, MB, GB, TB, KiB, MiB, GiB, TiB)");
  }
  const auto bytes = amount_in(*amount, *factor, byte_size_max.bytes);
  if (!bytes)
    return unreadable("size", text, "not a whole number of bytes up to 2^60");
  return byte_size{*bytes};
}

std::string to_string(byte_size size) {
  if (size.bytes == 0)
    return "0";
  const auto binary = std::span{byte_units}.subspan(5);
  return amount_text(size.bytes, binary);
}

expected<duration> parse_duration(std::string_view text) {
  const auto amount = take_apart(text);
  if (!amount)
    return unreadable("duration", text, "expected a duration such as 250ms, 5s, 2m or 1h");
  if (amount->unit.empty() && amount->whole == 0 && amount->thousandths == 0)
    return duration::zero();
  if (amount->unit.empty())
    return unreadable("duration", text, "the unit is missing (known: ns, us, ms, s, m, h, d)");
  const auto factor = factor_of(amount->unit, time_units);
  if (!factor) {
    return unreadable(
        "duration", text,
        "unknown unit " + quoted_excerpt(amount->unit) + " (known: ns, us, ms, s, m, h, d)");
  }
  const auto count = amount_in(*amount, *factor, duration_max_ns);
  if (!count)
    return unreadable("duration", text, "not a whole number of nanoseconds up to 100 years");
  return std::chrono::duration_cast<duration>(
      std::chrono::nanoseconds{static_cast<std::int64_t>(*count)});
}

std::string duration_text(duration length) {
  const auto count = std::chrono::duration_cast<std::chrono::nanoseconds>(length).count();
  if (count == 0)
    return "0s";
  const auto magnitude = static_cast<std::uint64_t>(count < 0 ? -count : count);
  return (count < 0 ? "-" : "") + amount_text(magnitude, time_units);
}

}  // namespace libagent
