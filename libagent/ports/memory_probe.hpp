#pragma once

#include "libagent/base/expected.hpp"
#include "libagent/memory/memory_reading.hpp"

namespace libagent {

/// Reads how much memory is in use.
///
/// Blocking: no; a reading takes tens of microseconds. Thread safety: none, one monitor owns one
/// probe. Errors: `errc::io_failed` or `errc::corrupt`; a later reading may succeed.
class memory_probe {
public:
  memory_probe() = default;
  memory_probe(const memory_probe&) = delete;
  memory_probe& operator=(const memory_probe&) = delete;
  virtual ~memory_probe() = default;

  [[nodiscard]] virtual expected<memory_reading> read() = 0;
};

}  // namespace libagent
