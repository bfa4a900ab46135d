#pragma once

#include "libagent/ports/memory_probe.hpp"

#include <cstdint>

namespace libagent::testing {

/// Reads whatever the test says, on a machine with plenty of memory.
class fake_memory_probe final : public memory_probe {
public:
  [[nodiscard]] expected<memory_reading> read() override {
    if (is_broken) {
      return error{errc::io_failed, "read memory: the test broke the probe"};
    }
    return memory_reading{used_bytes, 9'000'000, 10'000'000, std::nullopt};
  }

  std::uint64_t used_bytes = 0;
  bool is_broken = false;
};

}  // namespace libagent::testing
