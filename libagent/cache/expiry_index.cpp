#include "libagent/cache/expiry_index.hpp"

#include <limits>

namespace libagent {

namespace {

constexpr auto absent_position = std::numeric_limits<std::uint32_t>::max();

}  // namespace

void expiry_index::set(cache_slot slot, time_point expires_at) {
  if (positions_.size() <= slot)
    positions_.resize(slot + 1U, absent_position);
  if (positions_[slot] == absent_position) {
    positions_[slot] = static_cast<std::uint32_t>(heap_.size());
    heap_.push_back({});
  }
  sift(positions_[slot], {expires_at, slot});
}

void expiry_index::remove(cache_slot slot) {
  if (slot >= positions_.size() || positions_[slot] == absent_position)
    return;
  const auto hole = positions_[slot];
  positions_[slot] = absent_position;
  const auto last = heap_.back();
  heap_.pop_back();
  if (hole < heap_.size())
    sift(hole, last);
}

std::optional<cache_slot> expiry_index::first_due(time_point now) const {
  if (heap_.empty() || heap_.front().expires_at > now)
    return std::nullopt;
  return heap_.front().slot;
}

void expiry_index::place(std::size_t position, item what) {
  heap_[position] = what;
  positions_[what.slot] = static_cast<std::uint32_t>(position);
}

// Puts `what` into the hole at `position`, moving the hole up or down to where it belongs.
void expiry_index::sift(std::size_t position, item what) {
  while (position > 0 && what.expires_at < heap_[(position - 1) / 2].expires_at) {
    place(position, heap_[(position - 1) / 2]);
    position = (position - 1) / 2;
  }
  for (auto child = 2 * position + 1; child < heap_.size(); child = 2 * position + 1) {
    if (child + 1 < heap_.size() && heap_[child + 1].expires_at < heap_[child].expires_at)
      ++child;
    if (what.expires_at <= heap_[child].expires_at)
      break;
    place(position, heap_[child]);
    position = child;
  }
  place(position, what);
}

}  // namespace libagent
