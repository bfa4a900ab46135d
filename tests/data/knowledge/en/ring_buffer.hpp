#pragma once

#include <array>
#include <cstddef>

/// A queue of fixed capacity that overwrites its oldest element when full.
///
/// Thread safety: none. The capacity is a power of two, so that an index
/// wraps around with a single bit mask.
template <class T, std::size_t Capacity>
class ring_buffer {
public:
  /// Appends an element; returns whether an old one was overwritten.
  bool push(T value);

private:
  std::array<T, Capacity> slots_;
  std::size_t head_ = 0;
};
