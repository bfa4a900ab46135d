#include "libagent/ports/span_ring.hpp"

#include "libagent/base/contract.hpp"

#include <algorithm>
#include <utility>

namespace libagent {

span_ring::span_ring(std::size_t capacity, std::size_t contents_max)
    : capacity_{capacity}, contents_max_{contents_max} {
  LIBAGENT_EXPECTS(capacity > 0);
  spans_.reserve(capacity);  // so that `emit` need not allocate
}

void span_ring::emit(span ended) noexcept {
  const std::lock_guard guard{mutex_};
  if (spans_.size() < capacity_) {
    spans_.push_back(std::move(ended));
  } else {
    std::swap(spans_[emitted_ % capacity_], ended);
  }
  ++emitted_;
  if (taken_ < oldest()) {
    taken_ = oldest();
    ++dropped_;
  }
}

std::vector<span> span_ring::take(std::size_t count_max) {
  const std::lock_guard guard{mutex_};
  const auto from = taken_;
  taken_ += std::min<std::uint64_t>(count_max, emitted_ - from);
  return copy(from, taken_);
}

std::vector<span> span_ring::latest(std::size_t count_max) const {
  const std::lock_guard guard{mutex_};
  const auto count = std::min<std::uint64_t>(count_max, emitted_ - oldest());
  return copy(emitted_ - count, emitted_);
}

std::uint64_t span_ring::dropped() const {
  const std::lock_guard guard{mutex_};
  return dropped_;
}

std::uint64_t span_ring::oldest() const {
  return emitted_ - std::min<std::uint64_t>(emitted_, capacity_);
}

std::vector<span> span_ring::copy(std::uint64_t from, std::uint64_t to) const {
  std::vector<span> spans;
  spans.reserve(to - from);
  for (auto number = from; number < to; ++number)
    spans.push_back(spans_[number % capacity_]);
  return spans;
}

}  // namespace libagent
