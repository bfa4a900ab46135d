#pragma once

#include "libagent/telemetry/span.hpp"

#include <cstddef>
#include <memory>

namespace libagent {

/// Takes spans that ended.
///
/// Thread safety: any thread, also concurrently. Blocking: never; what cannot be kept is dropped
/// and counted. Errors: none.
class span_sink {
public:
  span_sink() = default;
  span_sink(const span_sink&) = delete;
  span_sink& operator=(const span_sink&) = delete;
  virtual ~span_sink() = default;

  virtual void emit(span ended) noexcept = 0;

  /// What was said may take so many bytes of each attribute; 0: it is to be in none.
  [[nodiscard]] virtual std::size_t contents_max() const noexcept { return 0; }
};

using span_sink_ptr = std::shared_ptr<span_sink>;

}  // namespace libagent
