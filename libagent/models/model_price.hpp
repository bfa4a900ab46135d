#pragma once

#include "libagent/models/chat.hpp"
#include "libagent/record/field.hpp"

#include <cstdint>
#include <optional>

namespace libagent {

/// What a model costs, in the currency of the bill for a million tokens. That is also the cost of
/// one token in millionths of the currency.
struct model_price {
  double input = 0;
  double output = 0;
  std::optional<double> cached;  ///< Input that the provider had in its cache; absent: as `input`.

  friend bool operator==(const model_price&, const model_price&) = default;
};

template <class Inspector>
bool inspect(Inspector& f, model_price& x) {
  return record(
      f, x, "model_price",
      field("input", "For a million tokens read.", x.input).range(0, 100'000).fallback(0.0),
      field("output", "For a million tokens written.", x.output).range(0, 100'000).fallback(0.0),
      field("cached", "For a million tokens read from the provider's cache; default: as input.",
            x.cached));
}

/// What a call cost, in millionths of the currency, rounded up.
[[nodiscard]] std::uint64_t cost_micro(const model_price& price, const token_usage& usage);

}  // namespace libagent
