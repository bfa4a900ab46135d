#include "libagent/cache/timer_wheel.hpp"

#include "libagent/base/contract.hpp"

#include <algorithm>
#include <bit>

namespace libagent {

void timer_wheel::set(cache_slot slot, time_point when, time_point now) {
  LIBAGENT_EXPECTS(now.time_since_epoch() >= duration::zero());
  remove(slot);
  if (size_ == 0)
    start_over(tick_of(now));
  due_.grow_to(slot);
  const auto capped = std::min(when, now + reach);
  // Rounded up, so that nothing is due early.
  const auto exact = std::max(capped, now) + (resolution - duration{1});
  file(slot, std::max(tick_of(exact), tick_));
  ++size_;
}

void timer_wheel::remove(cache_slot slot) {
  if (!lists_.contains(slot))
    return;
  lists_.remove(slot);
  --size_;
}

std::optional<cache_slot> timer_wheel::pop_due(time_point now, std::uint32_t& steps) {
  const auto now_tick = tick_of(now);
  for (; size_ > 0 && steps > 0; --steps) {
    const auto next = next_list();
    if (!next || begin_of(*next) > now_tick)
      break;
    tick_ = std::max(tick_, begin_of(*next));
    const auto first = lists_.oldest(list_of(*next));
    if (first == no_slot) {
      in_use_.at(next->wheel) &= ~(std::uint64_t{1} << next->digit);
    } else if (next->wheel > 0) {
      file(first, due_tick(first));
    } else {
      --steps;
      remove(first);
      return first;
    }
  }
  if (size_ == 0) {
    start_over(now_tick);
  } else if (steps > 0) {
    tick_ = std::max(tick_, now_tick);  // Whatever is left begins later and keeps its place.
  }
  return std::nullopt;
}

std::uint64_t timer_wheel::tick_of(time_point when) {
  return static_cast<std::uint64_t>(when.time_since_epoch() / resolution);
}

std::uint32_t timer_wheel::digit_of(std::uint64_t tick, std::uint32_t wheel) {
  return static_cast<std::uint32_t>(tick >> (wheel * digit_bits)) % digits;
}

std::uint32_t timer_wheel::list_of(const place& where) {
  return where.wheel * digits + where.digit;
}

// No slot is due before `tick_`, and none 2^32 ticks after it.
std::uint64_t timer_wheel::due_tick(cache_slot slot) const {
  return tick_ + (due_[slot] - static_cast<std::uint32_t>(tick_));
}

// Puts a slot, which may be in another list, where it belongs as seen from `tick_`.
void timer_wheel::file(cache_slot slot, std::uint64_t tick) {
  const auto differing_bits = static_cast<std::uint32_t>(std::bit_width(tick ^ tick_));
  const auto wheel = differing_bits == 0 ? 0 : (differing_bits - 1) / digit_bits;
  LIBAGENT_EXPECTS(wheel < wheels);
  const place where{wheel, digit_of(tick, wheel)};
  due_[slot] = static_cast<std::uint32_t>(tick);
  if (lists_.contains(slot)) {
    lists_.move_to_newest(list_of(where), slot);
  } else {
    lists_.push_newest(list_of(where), slot);
  }
  in_use_.at(wheel) |= std::uint64_t{1} << where.digit;
}

// The list that begins first. One of a higher wheel whose time has begun is still being moved
// down, and goes before everything else.
std::optional<timer_wheel::place> timer_wheel::next_list() const {
  for (auto wheel = wheels - 1; wheel > 0; --wheel) {
    const auto digit = digit_of(tick_, wheel);
    if ((in_use_.at(wheel) >> digit & 1U) != 0)
      return place{wheel, digit};
  }
  for (std::uint32_t wheel = 0; wheel < wheels; ++wheel) {
    if (in_use_.at(wheel) != 0)
      return place{wheel, static_cast<std::uint32_t>(std::countr_zero(in_use_.at(wheel)))};
  }
  return std::nullopt;
}

std::uint64_t timer_wheel::begin_of(const place& where) const {
  const auto above = tick_ >> ((where.wheel + 1) * digit_bits);
  return (above << digit_bits | where.digit) << (where.wheel * digit_bits);
}

void timer_wheel::start_over(std::uint64_t tick) {
  in_use_.fill(0);
  tick_ = std::max(tick_, tick);
}

}  // namespace libagent
