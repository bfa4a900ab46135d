#pragma once

#include "libagent/base/expected.hpp"
#include "libagent/cache/cache_objective.hpp"

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace libagent::lab {

/// What capacities and charges count.
enum class charge_mode : std::uint8_t { objects, bytes };

/// The cache sizes that results are compared at.
struct reference_cell {
  std::string trace;
  charge_mode mode = charge_mode::objects;
  std::uint64_t capacity = 0;

  friend auto operator<=>(const reference_cell&, const reference_cell&) = default;
};

/// What somebody else's simulator measured: shares of requests, bytes and cost that were missed.
struct reference_row {
  std::string policy;
  double miss_ratio = 1;
  double byte_miss_ratio = 1;
  double cost_miss_ratio = 1;

  [[nodiscard]] double miss(cache_objective objective) const;
  /// Whether the policy knows the future, is a bound, or is itself a choice among policies.
  [[nodiscard]] bool is_outside_the_field() const;
};

/// Results of other simulators, from the file reference.csv beside the traces.
class reference_results {
public:
  /// Columns, found by the names in the first line: trace, mode (obj or byte), size, policy,
  /// miss_ratio, byte_miss_ratio, cost_miss_ratio. An empty ratio counts as 1. Errors name file
  /// and line.
  [[nodiscard]] static expected<reference_results> read(const std::filesystem::path& file);

  [[nodiscard]] bool is_empty() const { return rows_.empty(); }

  [[nodiscard]] bool has(std::string_view trace, charge_mode mode) const;

  /// Nothing when the cell is not in the file.
  [[nodiscard]] const std::vector<reference_row>& rows(const reference_cell& cell) const;

  /// The row of this policy.
  [[nodiscard]] const reference_row* row(const reference_cell& cell, std::string_view policy) const;

  /// The best row of the field.
  [[nodiscard]] const reference_row* best(const reference_cell& cell,
                                          cache_objective objective) const;

private:
  std::map<reference_cell, std::vector<reference_row>> rows_;
};

}  // namespace libagent::lab
