#pragma once

#include "libagent/base/expected.hpp"

#include <cstddef>
#include <filesystem>
#include <vector>

namespace libagent::lab {

/// How long cancelling took, in milliseconds, one figure for each time.
struct cancel_times {
  /// Queued behind others: from the wish until its client knows that it has ended.
  std::vector<double> queued_ms;
  std::vector<double> queued_kept_ms;  ///< The same for tasks that a journal keeps.
  /// Waiting for another program: from the wish until that program sees the connection closed.
  std::vector<double> socket_ms;
};

/// Cancels so many tasks of each kind, one after the other, at a node with its default journal in
/// `folder`. Blocking.
[[nodiscard]] expected<cancel_times> measure_cancels(const std::filesystem::path& folder,
                                                     std::size_t times);

}  // namespace libagent::lab
