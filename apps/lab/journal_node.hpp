#pragma once

#include "apps/lab/report.hpp"
#include "libagent/base/expected.hpp"
#include "libagent/config/journal_choice.hpp"

#include <chrono>
#include <cstddef>
#include <filesystem>

namespace libagent::lab {

/// How a node does with tasks that are submitted one after the other, so many under way.
struct kept_tasks {
  double per_second = 0;    ///< That ended.
  quantiles accepted_us{};  ///< From the submit to the news that it is accepted.
  quantiles ended_us{};     ///< To its end.
};

/// A closed loop for that long. `journal` off: the tasks are not kept.
[[nodiscard]] expected<kept_tasks> run_kept_tasks(const std::filesystem::path& file,
                                                  journal_choice journal, std::size_t under_way,
                                                  std::chrono::milliseconds length);

struct resume_times {
  std::chrono::duration<double> ready{0};  ///< Until the node took tasks again.
  std::chrono::duration<double> ended{0};  ///< Until all of them had run.
};

/// A node finds so many queued tasks.
[[nodiscard]] expected<resume_times> resume_node(const std::filesystem::path& file,
                                                 std::size_t tasks);

}  // namespace libagent::lab
