#pragma once

#include "libagent/base/expected.hpp"
#include "libagent/tasks/name_hash.hpp"

#include <string_view>

namespace libagent {

/// How much of a lane each client may take when several want it: a client of weight 3 gets three
/// times the service of one of weight 1. Clients that are not named weigh 1.
class client_weights {
public:
  static constexpr double weight_max = 1000;

  /// Reads "alice=3,bob=0.5"; an empty text names nobody. Weights lie in (0, `weight_max`].
  /// Errors: `invalid_argument`, naming the part that is wrong.
  [[nodiscard]] static expected<client_weights> parse(std::string_view text);

  [[nodiscard]] double of(std::string_view client) const;

private:
  expected<void> add(std::string_view part);

  name_table<double> weights_;
};

}  // namespace libagent
