#pragma once

#include "libagent/base/expected.hpp"

#include <chrono>
#include <cstdint>
#include <sys/types.h>
#include <utility>

namespace libagent::lab {

/// The wait server as a process of its own, killed with this object.
class wait_server_process {
public:
  /// Starts this very program again as `agent-lab wait-server`. Blocking: until it listens.
  [[nodiscard]] static expected<wait_server_process> start(std::chrono::milliseconds wait);

  wait_server_process(wait_server_process&& other) noexcept
      : pid_{std::exchange(other.pid_, -1)}, port_{other.port_} {}

  wait_server_process& operator=(wait_server_process&&) = delete;
  wait_server_process(const wait_server_process&) = delete;
  wait_server_process& operator=(const wait_server_process&) = delete;
  ~wait_server_process();

  [[nodiscard]] std::uint16_t port() const { return port_; }

  /// The most memory that it had so far.
  [[nodiscard]] std::uint64_t peak_resident_bytes() const;

private:
  wait_server_process(pid_t pid, std::uint16_t port) : pid_{pid}, port_{port} {}

  pid_t pid_;
  std::uint16_t port_;
};

}  // namespace libagent::lab
