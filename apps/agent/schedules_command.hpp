#pragma once

#include "libagent/base/expected.hpp"
#include "libagent/base/time.hpp"
#include "libagent/config/agent_options.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace libagent::app {

/// `agent schedules`: what a running server runs at its time.
struct schedules_command {
  enum class verb : std::uint8_t { list, add, remove } what = verb::list;
  std::vector<std::string> ids;  ///< For remove: ids or names.
  // For add.
  std::string name;
  std::string at;  ///< See `read_time`.
  std::optional<std::chrono::milliseconds> after;
  std::string cron;
  std::string tool;
  std::string agent;
  std::string arguments;  ///< JSON.
  std::optional<std::chrono::milliseconds> timeout;
  bool json = false;
  std::optional<std::string> server;  ///< URL; absent: the configured one.
};

/// A time as people give it: ISO 8601, or Unix time in seconds or, from eleven digits on, in
/// milliseconds. Errors: `invalid_argument`.
[[nodiscard]] expected<unix_millis> read_time(std::string_view text);

/// Returns the exit code.
[[nodiscard]] int run_schedules(const schedules_command& command, const loaded_config& config);

}  // namespace libagent::app
