#pragma once

#include "libagent/base/error.hpp"
#include "libagent/base/time.hpp"
#include "libagent/cache/siphash.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <list>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

namespace libagent {

struct negative_cache_options {
  duration ttl = std::chrono::seconds{10};  ///< In [1 s, 30 s]; other values are cut to it.
  std::size_t entries_max = 1'000;
  std::uint64_t bytes_max = 1ULL << 20U;  ///< Of tenants, keys and errors, with an overhead.
  hash_key key;                           ///< Secret: who knows it can choose keys that collide.
};

struct negative_cache_counters {
  std::uint64_t hits = 0;
  std::uint64_t remembered = 0;
  std::uint64_t not_deterministic = 0;  ///< Failures that trying again may mend: not remembered.
  std::uint64_t too_large = 0;          ///< Failures that alone pass `bytes_max`.
};

/// Remembers for a short time which computations cannot succeed, so that nobody tries meanwhile.
///
/// Only failures that lie in the question are remembered: `invalid_argument`, `too_large`,
/// `unsupported`. Whatever may pass by itself (unavailable, overloaded, deadlines, input and
/// output, cancelling) is not. When it is full, the oldest failure goes. Every call is O(1) but
/// for a burst of failures that are too old. Thread safety: none.
class negative_cache {
public:
  /// What an entry costs beyond its bytes: two nodes and the allocator's rounding.
  static constexpr std::uint64_t entry_overhead_bytes = 192;

  explicit negative_cache(negative_cache_options options = {});

  negative_cache(const negative_cache&) = delete;
  negative_cache& operator=(const negative_cache&) = delete;
  ~negative_cache() = default;

  /// Whether a failure with this code is the same at every try.
  [[nodiscard]] static bool is_deterministic(errc code);

  /// Remembers why computing `key` failed, in place of what it knew of it. Returns whether the
  /// failure is deterministic and small enough.
  /// @pre `now` never goes back from call to call.
  bool remember(std::string_view tenant, std::string_view key, const error& why, time_point now);

  /// Why computing `key` fails, when that is known. Counts a hit.
  /// @pre As for `remember`.
  [[nodiscard]] std::optional<error> find(std::string_view tenant, std::string_view key,
                                          time_point now);

  /// Forgets a key; for example because there is a value after all. Returns whether it was known.
  bool forget(std::string_view tenant, std::string_view key);

  [[nodiscard]] std::size_t entries() const { return failures_.size(); }

  [[nodiscard]] std::uint64_t charged_bytes() const { return charged_bytes_; }

  [[nodiscard]] const negative_cache_counters& counters() const { return counters_; }

private:
  struct failure {
    std::string tenant;
    std::string key;
    error why;
    time_point gone_at;
  };

  struct name {
    std::string_view tenant;
    std::string_view key;

    friend bool operator==(const name&, const name&) = default;
  };

  struct name_hash {
    hash_key secret;

    std::size_t operator()(const name& what) const {
      return static_cast<std::size_t>(hash_in_tenant(secret, what.tenant, what.key));
    }
  };

  using failure_list = std::list<failure>;

  [[nodiscard]] static std::uint64_t charge_of(const failure& one);
  void drop_old(time_point now);
  void drop(failure_list::iterator one);

  negative_cache_options options_;
  failure_list failures_;  // All live equally long, so the oldest first is the order of ends too.
  std::unordered_map<name, failure_list::iterator, name_hash> by_name_;  // views into the list
  std::uint64_t charged_bytes_ = 0;
  negative_cache_counters counters_;
};

}  // namespace libagent
