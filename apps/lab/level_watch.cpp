#include "apps/lab/level_watch.hpp"

#include <algorithm>
#include <chrono>
#include <string>

namespace libagent::lab {

level_watch::level_watch(memory_node& node)
    : node_{node}, thread_{[this](const std::stop_token& stop) { serve(stop); }} {}

nlohmann::ordered_json level_watch::to_json_value() const {
  const std::lock_guard lock{mutex_};
  const auto& actions = latest_.actions;
  nlohmann::ordered_json shown{{"highest level", name_of(highest_)},
                               {"caused by", name_of(highest_cause_)}};
  for (std::size_t i = 1; i < seen_.size(); ++i) {
    const auto seconds = static_cast<double>(seen_.at(i)) / 10;
    shown["s " + std::string{name_of(static_cast<pressure_level>(i))}] = seconds;
  }
  shown["most reserved MiB"] = reserved_max_ >> 20U;
  shown["trims"] = actions.trims;
  shown["pre-empted"] = actions.preempted;
  shown["cancelled"] = actions.cancelled;
  shown["reserve released"] = actions.reserve_released;
  shown["failed allocations"] = actions.allocation_failures;
  return shown;
}

void level_watch::serve(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    const auto status = node_.status();
    {
      const std::lock_guard lock{mutex_};
      ++seen_.at(static_cast<std::size_t>(status.level));
      if (status.level > highest_) {
        highest_ = status.level;
        highest_cause_ = status.cause;
      }
      reserved_max_ = std::max(reserved_max_, status.reserved_bytes);
      latest_ = status;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds{100});
  }
}

}  // namespace libagent::lab
