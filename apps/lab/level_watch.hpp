#pragma once

#include "apps/lab/memory_node.hpp"

#include <nlohmann/json.hpp>

#include <array>
#include <cstdint>
#include <mutex>
#include <stop_token>
#include <thread>

namespace libagent::lab {

/// Asks a node's memory monitor ten times a second what it sees, and keeps the account. Ends with
/// it. Thread safety: `to_json_value` from any thread.
class level_watch {
public:
  /// `node` must outlive it.
  explicit level_watch(memory_node& node);

  [[nodiscard]] nlohmann::ordered_json to_json_value() const;

private:
  void serve(const std::stop_token& stop);

  memory_node& node_;
  mutable std::mutex mutex_;
  std::array<std::uint64_t, 5> seen_{};  // by level
  pressure_cause highest_cause_ = pressure_cause::none;
  pressure_level highest_ = pressure_level::normal;
  std::uint64_t reserved_max_ = 0;
  memory_status latest_;
  std::jthread thread_;  // last: it ends before what it uses
};

}  // namespace libagent::lab
