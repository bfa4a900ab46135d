#pragma once

#include "libagent/base/time.hpp"
#include "libagent/cache/slot_array.hpp"
#include "libagent/cache/slot_lists.hpp"

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>

namespace libagent {

/// Knows which slots are due: a hierarchical timing wheel (Varghese, Lauck 1987).
///
/// Six wheels of 64 lists; a list of one wheel spans a whole turn of the wheel below it, into
/// which its slots move when their time comes near. Setting and removing are O(1), and a slot
/// moves five times at most. 13 bytes a slot. Thread safety: none.
class timer_wheel {
public:
  /// A slot is due up to this much late, never early.
  static constexpr duration resolution = std::chrono::milliseconds{10};
  /// The farthest time ahead; what is later is due then.
  static constexpr duration reach = std::chrono::hours{24 * 490};

  /// Makes `slot` due at `when`; one that is set already is moved.
  /// @pre `now` is not negative, and never goes back from call to call. `pop_due` is called at
  ///   least once a day.
  void set(cache_slot slot, time_point when, time_point now);

  /// Takes `slot` out; nothing happens when it is not set.
  void remove(cache_slot slot);

  /// Takes out a slot that is due at `now`. Every slot moved or taken, and every list left, costs
  /// one of `steps`; the answer is also empty when these are used up.
  /// @pre As for `set`.
  [[nodiscard]] std::optional<cache_slot> pop_due(time_point now, std::uint32_t& steps);

  [[nodiscard]] bool contains(cache_slot slot) const { return lists_.contains(slot); }

  /// Slots that are set.
  [[nodiscard]] std::size_t size() const { return size_; }

  [[nodiscard]] std::size_t memory_bytes() const {
    return lists_.memory_bytes() + due_.memory_bytes();
  }

private:
  static constexpr std::uint32_t wheels = 6;
  static constexpr std::uint32_t digit_bits = 6;
  static constexpr std::uint32_t digits = 1U << digit_bits;

  struct place {
    std::uint32_t wheel = 0;
    std::uint32_t digit = 0;
  };

  [[nodiscard]] static std::uint64_t tick_of(time_point when);
  [[nodiscard]] static std::uint32_t digit_of(std::uint64_t tick, std::uint32_t wheel);
  [[nodiscard]] static std::uint32_t list_of(const place& where);

  [[nodiscard]] std::uint64_t due_tick(cache_slot slot) const;
  void file(cache_slot slot, std::uint64_t tick);
  [[nodiscard]] std::optional<place> next_list() const;
  [[nodiscard]] std::uint64_t begin_of(const place& where) const;
  void start_over(std::uint64_t tick);

  // In the lowest wheel are the slots due within the present turn of 64 ticks, each in the list
  // of its tick; a higher wheel has those that differ from `tick_` in its digit first.
  slot_lists<wheels * digits> lists_;
  slot_array<std::uint32_t> due_;               // the lower half of the tick
  std::array<std::uint64_t, wheels> in_use_{};  // a bit for each list that may have members
  std::uint64_t tick_ = 0;                      // all that is due before has been taken
  std::size_t size_ = 0;
};

}  // namespace libagent
