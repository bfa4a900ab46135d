#pragma once

#include "libagent/ports/span_sink.hpp"
#include "libagent/telemetry/span.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>

namespace libagent {

/// Where a span belongs.
struct span_place {
  trace_context context;             ///< Of the span itself.
  std::uint64_t parent_span_id = 0;  ///< 0: it is the first of its trace here.

  friend bool operator==(const span_place&, const span_place&) = default;
};

/// Gives spans their places in traces, and takes them when they have ended.
///
/// Thread safety: any thread, also concurrently. Blocking: never.
class span_source {
public:
  /// `sink` null: no spans are made. The same seed gives the same ids.
  span_source(span_sink_ptr sink, std::uint64_t seed) : sink_{std::move(sink)}, seed_{seed} {}

  /// A new span below a W3C traceparent; one that is malformed or empty begins a new trace. Absent:
  /// none is to be made, because nobody collects any or whoever began the trace does not record it.
  [[nodiscard]] std::optional<span_place> place_below(std::string_view traceparent);

  /// As the sink's; 0 without one.
  [[nodiscard]] std::size_t contents_max() const noexcept {
    return sink_ == nullptr ? 0 : sink_->contents_max();
  }

  /// Takes one that has ended, whose place was got here.
  void emit(span ended) const noexcept;

private:
  [[nodiscard]] std::uint64_t next_id();

  span_sink_ptr sink_;
  std::uint64_t seed_;
  std::atomic<std::uint64_t> ids_{0};
};

}  // namespace libagent
