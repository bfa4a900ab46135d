#pragma once

#include "libagent/record/field.hpp"

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace libagent {

/// What an asker of the cache gets: a value, or the duty to compute it.
enum class cache_verdict : std::uint8_t { hit, compute };

template <>
struct enum_names<cache_verdict> {
  static constexpr std::array<std::pair<cache_verdict, std::string_view>, 2> values{
      {{cache_verdict::hit, "hit"}, {cache_verdict::compute, "compute"}}};
};

/// Answer to `acquire`. On `compute` the asker is the one computation of this key (single-flight)
/// and must say `fulfil` or `abandon` with `token`; others wait for it meanwhile.
struct cache_answer {
  cache_verdict verdict = cache_verdict::hit;
  std::string value;        ///< Set on a hit.
  std::uint64_t token = 0;  ///< Set on compute: names this computation.
};

template <class Inspector>
bool inspect(Inspector& f, cache_answer& x) {
  return record(f, x, "cache_answer", field("verdict", "hit or compute.", x.verdict),
                field("value", "The cached value, on a hit.", x.value),
                field("token", "Names the computation, on compute.", x.token));
}

struct cache_stats {
  std::string policy;
  std::uint64_t capacity_bytes = 0;
  std::uint64_t charged_bytes = 0;
  std::uint64_t entries = 0;
  std::uint64_t hits = 0;
  std::uint64_t misses = 0;
  std::uint64_t shared_flights = 0;  ///< Askers that waited for somebody else's computation.
  std::uint64_t evictions = 0;
  std::uint64_t expirations = 0;
  std::uint64_t rejections = 0;  ///< Values too large to be admitted.
};

template <class Inspector>
bool inspect(Inspector& f, cache_stats& x) {
  return record(
      f, x, "cache_stats", field("policy", "Name of the eviction policy.", x.policy),
      field("capacity_bytes", "Limit at present.", x.capacity_bytes),
      field("charged_bytes", "Charged to the entries now.", x.charged_bytes),
      field("entries", "Entries now.", x.entries),
      field("hits", "Askers that got a value at once.", x.hits),
      field("misses", "Askers that had to compute.", x.misses),
      field("shared_flights", "Askers that waited for another's computation.", x.shared_flights),
      field("evictions", "Entries evicted for space.", x.evictions),
      field("expirations", "Entries dropped by age.", x.expirations),
      field("rejections", "Values too large to be admitted.", x.rejections));
}

}  // namespace libagent
