#pragma once

#include "libagent/tasks/name_hash.hpp"

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

namespace libagent {

/// How many tokens each model holds, as far as somebody said: first its settings, then the
/// provider about itself, then a provider that refused a call as too long.
///
/// Names are `PROVIDER/MODEL`, or `PROVIDER` alone for all its models that nothing else is known
/// of. At most `names_max` are kept; more are not. Thread safety: any thread.
class context_windows {
public:
  static constexpr std::size_t names_max = 4'096;

  /// @pre `tokens` is positive.
  void learn(std::string_view name, std::uint64_t tokens);

  [[nodiscard]] std::optional<std::uint64_t> of(std::string_view name) const;

private:
  mutable std::mutex mutex_;
  name_table<std::uint64_t> tokens_;
};

}  // namespace libagent
