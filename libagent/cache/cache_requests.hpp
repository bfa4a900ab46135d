#pragma once

#include "libagent/base/error.hpp"
#include "libagent/cache/cache_times.hpp"
#include "libagent/cache/shared_text.hpp"
#include "libagent/record/field.hpp"

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace libagent {

/// Names a cached value. What one tenant stored no other sees, whatever the key.
struct cache_name {
  std::string tenant;  ///< Empty: everybody who is nobody else's.
  std::string key;     ///< Everything that can change the value; any bytes.

  friend bool operator==(const cache_name&, const cache_name&) = default;
};

template <class Inspector>
bool inspect(Inspector& f, cache_name& x) {
  return record(f, x, "cache_name", field("tenant", "Whose value.", x.tenant),
                field("key", "All that can change the value.", x.key));
}

/// What an asker of the cache gets.
enum class cache_verdict : std::uint8_t {
  hit,      ///< A value. With a token also the duty to compute a newer one.
  compute,  ///< The duty to compute it.
};

template <>
struct enum_names<cache_verdict> {
  static constexpr std::array<std::pair<cache_verdict, std::string_view>, 2> values{
      {{cache_verdict::hit, "hit"}, {cache_verdict::compute, "compute"}}};
};

/// Why an asker got what it got.
enum class cache_outcome : std::uint8_t {
  hit,        ///< Fresh, from memory.
  disk_hit,   ///< Fresh, from the second level.
  stale,      ///< Past its time, while a newer one is computed, or because that failed.
  coalesced,  ///< Computed for somebody who asked before.
  miss,       ///< Not there: the asker computes it.
  bypassed,   ///< The asker did not want a stored value and computes it.
};

template <>
struct enum_names<cache_outcome> {
  static constexpr std::array<std::pair<cache_outcome, std::string_view>, 6> values{
      {{cache_outcome::hit, "hit"},
       {cache_outcome::disk_hit, "disk_hit"},
       {cache_outcome::stale, "stale"},
       {cache_outcome::coalesced, "coalesced"},
       {cache_outcome::miss, "miss"},
       {cache_outcome::bypassed, "bypassed"}}};
};

/// Asks for a value, or for the right to compute it.
struct cache_ask {
  cache_name name;
  /// For how long the asker waits, and may compute if that falls to it.
  std::chrono::milliseconds limit{0};
  /// Does not want a stored value, but shares a computation that is under way.
  bool bypass = false;
};

template <class Inspector>
bool inspect(Inspector& f, cache_ask& x) {
  return record(f, x, "cache_ask", field("name", "What is asked for.", x.name),
                field("limit_ms", "How long the asker waits.", x.limit),
                field("bypass", "Wants no stored value.", x.bypass).fallback(false));
}

/// Whoever gets a token is the one computation of this name (single-flight) and must say `fulfil`
/// or `abandon` with it; others wait for it meanwhile, or get what is stored.
struct cache_answer {
  cache_verdict verdict = cache_verdict::hit;
  cache_outcome outcome = cache_outcome::hit;
  shared_text value;                 ///< Set on a hit.
  std::uint64_t token = 0;           ///< Not 0: compute, and say how it went.
  std::chrono::milliseconds age{0};  ///< Of the value, on a hit.
};

template <class Inspector>
bool inspect(Inspector& f, cache_answer& x) {
  return f.object(x)
      .pretty_name("cache_answer")
      .fields(f.field("verdict", x.verdict), f.field("outcome", x.outcome),
              f.field("value", x.value), f.field("token", x.token), f.field("age", x.age));
}

/// A computed value on its way into the cache.
struct cache_fill {
  shared_text value;
  std::chrono::milliseconds ttl{0};  ///< How long it is fresh; 0: the cache's default.
  cache_saving saving;               ///< What each hit on it saves.
};

template <class Inspector>
bool inspect(Inspector& f, cache_fill& x) {
  return f.object(x)
      .pretty_name("cache_fill")
      .fields(f.field("value", x.value), f.field("ttl", x.ttl),
              f.field("compute_time", x.saving.compute_time), f.field("tokens", x.saving.tokens),
              f.field("micro_cost", x.saving.micro_cost));
}

/// A value as it travels between the levels of the cache. Never leaves the process.
struct stored_value {
  shared_text value;
  cache_times times;
  cache_saving saving;
};

/// What becomes of the asker whose computation failed.
struct cache_regret {
  /// An older value that may be served in its place (stale-if-error).
  std::optional<shared_text> stale;
};

template <class Inspector>
bool inspect(Inspector& f, cache_regret& x) {
  return f.object(x).pretty_name("cache_regret").fields(f.field("stale", x.stale));
}

}  // namespace libagent
