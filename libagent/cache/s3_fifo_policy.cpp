#include "libagent/cache/s3_fifo_policy.hpp"

namespace libagent {

namespace {

// Ghosts of small entries are bounded in number too: two for a resident, and some.
constexpr std::size_t s3_spare_ghosts = 1'000;

}  // namespace

s3_fifo_policy::s3_fifo_policy(const entry_index& entries, const s3_fifo_options& options)
    : entries_{entries}, options_{options} {
  LIBAGENT_EXPECTS(options.small_share > 0 && options.small_share < 1);
  LIBAGENT_EXPECTS(options.ghost_share >= 0 && options.ghost_share <= 4);
  LIBAGENT_EXPECTS(options.uses_to_promote >= 1 && options.uses_to_promote <= uses_max);
}

void s3_fifo_policy::on_admit(const cache_entry_facts& incoming) {
  const auto ghost = ghosts_.take(incoming.key_hash);
  was_ghost_ = ghost.has_value();
  ghost_bytes_ -= ghost.value_or(0);
}

void s3_fifo_policy::on_insert(cache_slot slot) {
  push(was_ghost_ ? main : small, slot);
  was_ghost_ = false;
}

void s3_fifo_policy::on_update(cache_slot slot, const cache_entry_facts& old_facts) {
  LIBAGENT_EXPECTS(queues_.contains(slot));
  auto& charged = charged_bytes_[state_[slot].where];
  charged += charge(slot);
  charged -= old_facts.charge_bytes;
}

void s3_fifo_policy::on_remove(cache_slot slot) {
  leave(slot);
}

std::optional<cache_slot> s3_fifo_policy::evict() {
  if (charged_bytes_[small] >= small_bytes_max_) {
    if (const auto victim = evict_from_small())
      return victim;
  }
  if (const auto victim = evict_from_main())
    return victim;
  return evict_from_small();
}

void s3_fifo_policy::on_resize(std::uint64_t capacity_bytes) {
  const auto share = static_cast<double>(capacity_bytes) * options_.small_share;
  small_bytes_max_ = static_cast<std::uint64_t>(share);
  const auto main_bytes = static_cast<double>(capacity_bytes - small_bytes_max_);
  ghost_bytes_max_ = static_cast<std::uint64_t>(main_bytes * options_.ghost_share);
}

std::size_t s3_fifo_policy::memory_bytes() const {
  return queues_.memory_bytes() + state_.memory_bytes() + ghosts_.memory_bytes();
}

void s3_fifo_policy::push(queue where, cache_slot slot) {
  queues_.push_newest(where, slot);
  state_.grow_to(slot) = {where, 0};
  charged_bytes_[where] += charge(slot);
}

void s3_fifo_policy::leave(cache_slot slot) {
  queues_.remove(slot);
  charged_bytes_[state_[slot].where] -= charge(slot);
}

// Those who were used move on, until one is found that was not; or none.
std::optional<cache_slot> s3_fifo_policy::evict_from_small() {
  for (;;) {
    const auto oldest = queues_.oldest(small);
    if (oldest == no_slot)
      return std::nullopt;
    leave(oldest);
    if (state_[oldest].uses < options_.uses_to_promote) {
      remember(oldest);
      return oldest;
    }
    push(main, oldest);
  }
}

// Amortised O(1): an entry is spared once for each use.
std::optional<cache_slot> s3_fifo_policy::evict_from_main() {
  auto oldest = queues_.oldest(main);
  for (; oldest != no_slot && state_[oldest].uses > 0; oldest = queues_.oldest(main)) {
    --state_[oldest].uses;
    queues_.move_to_newest(main, oldest);
  }
  if (oldest == no_slot)
    return std::nullopt;
  leave(oldest);
  return oldest;
}

void s3_fifo_policy::remember(cache_slot slot) {
  ghosts_.push(entries_.facts(slot).key_hash, charge(slot));
  ghost_bytes_ += charge(slot);
  const auto ghosts_max = 2 * entries_.size() + s3_spare_ghosts;
  while (ghost_bytes_ > ghost_bytes_max_ || ghosts_.size() > ghosts_max)
    ghost_bytes_ -= ghosts_.pop_oldest().value_or(0);
}

}  // namespace libagent
