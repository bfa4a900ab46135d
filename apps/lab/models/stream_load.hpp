#pragma once

#include "libagent/base/expected.hpp"

#include <nlohmann/json.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>

namespace libagent::lab {

/// How streams are asked for.
struct stream_plan {
  std::uint16_t port = 0;
  std::string model;
  std::size_t users = 1;
  /// Of each user, from one stream's intended start to the next one's, whether or not that one is
  /// done; users are spread evenly over it. 0: the next begins when the one before has ended.
  std::chrono::milliseconds interval{0};
  std::chrono::milliseconds length{1'000};  ///< When the last streams begin. 0: each user has one.
};

/// What came of them. Times count from when a stream was meant to begin.
struct stream_figures {
  double first_p50_ms = 0;  ///< Until the first token.
  double first_p99_ms = 0;
  double whole_p50_ms = 0;
  double whole_max_ms = 0;
  std::uint64_t streams = 0;
  std::uint64_t tokens = 0;
  std::uint64_t failed = 0;
  std::string failure;  ///< The last one.
  double wall_s = 0;    ///< From the first start to the last end.
  double own_cpu_s = 0;
};

[[nodiscard]] nlohmann::ordered_json to_json_line(const stream_figures& figures);
/// Errors: `errc::corrupt`.
[[nodiscard]] expected<stream_figures> stream_figures_of(const nlohmann::ordered_json& line);

/// Asks a server on 127.0.0.1 for streamed chat completions, on this thread. Blocking.
[[nodiscard]] stream_figures run_stream_load(const stream_plan& plan);

/// The same in a process of its own. Blocking. Errors: as `run_for_line`.
[[nodiscard]] expected<stream_figures> start_stream_load(const stream_plan& plan);

}  // namespace libagent::lab
