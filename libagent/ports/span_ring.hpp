#pragma once

#include "libagent/ports/span_sink.hpp"

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <vector>

namespace libagent {

/// Keeps the latest spans: those to be exported, and for a look at what happened.
///
/// When it is full the oldest goes, and counts as dropped if nobody took it. Thread safety: any
/// thread.
class span_ring final : public span_sink {
public:
  /// @pre `capacity` is positive.
  explicit span_ring(std::size_t capacity, std::size_t contents_max = 0);

  void emit(span ended) noexcept override;

  [[nodiscard]] std::size_t contents_max() const noexcept override { return contents_max_; }

  /// Up to `count_max` spans that were not taken yet, the oldest first. They stay visible.
  [[nodiscard]] std::vector<span> take(std::size_t count_max);

  /// The latest, the oldest of them first.
  [[nodiscard]] std::vector<span> latest(std::size_t count_max) const;

  /// Spans that went before anybody took them.
  [[nodiscard]] std::uint64_t dropped() const;

private:
  [[nodiscard]] std::uint64_t oldest() const;
  [[nodiscard]] std::vector<span> copy(std::uint64_t from, std::uint64_t to) const;

  mutable std::mutex mutex_;
  std::size_t capacity_;
  std::size_t contents_max_;
  std::vector<span> spans_;
  std::uint64_t emitted_ = 0;  // the next one's number; its place is that modulo the capacity
  std::uint64_t taken_ = 0;    // all before this number were taken, or dropped
  std::uint64_t dropped_ = 0;
};

}  // namespace libagent
