#pragma once

#include "libagent/cache/cache_slot.hpp"

#include <cstddef>
#include <vector>

namespace libagent {

/// What is known of each slot, in one array that grows by a sixteenth at a time: doubling would
/// cost a large cache a budget's worth of bytes that no entry ever uses. Thread safety: none.
template <class Value>
class slot_array {
public:
  /// The value of a slot, after making room for it.
  Value& grow_to(cache_slot slot) {
    if (slot >= values_.size())
      extend(slot);
    return values_[slot];
  }

  /// @pre `slot` is below `size()`.
  [[nodiscard]] Value& operator[](cache_slot slot) { return values_[slot]; }

  [[nodiscard]] const Value& operator[](cache_slot slot) const { return values_[slot]; }

  [[nodiscard]] std::size_t size() const { return values_.size(); }

  [[nodiscard]] auto begin() { return values_.begin(); }

  [[nodiscard]] auto end() { return values_.end(); }

  [[nodiscard]] std::size_t memory_bytes() const { return values_.capacity() * sizeof(Value); }

private:
  void extend(cache_slot slot) {
    const auto needed = std::size_t{slot} + 1;
    if (needed > values_.capacity())
      values_.reserve(needed + needed / 16 + 4);
    values_.resize(needed);
  }

  std::vector<Value> values_;
};

}  // namespace libagent
