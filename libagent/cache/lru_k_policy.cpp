#include "libagent/cache/lru_k_policy.hpp"

#include "libagent/base/contract.hpp"

#include <algorithm>
#include <functional>
#include <utility>

namespace libagent {

namespace {

// Set in the key of an entry with K references, so that the others are smaller.
constexpr std::uint32_t all_references = std::uint32_t{1} << 31U;

std::size_t lru_k_share(std::size_t residents, double share) {
  return static_cast<std::size_t>(std::min(static_cast<double>(residents) * share, 1e15));
}

}  // namespace

lru_k_policy::lru_k_policy(const entry_index& entries, const lru_k_options& options)
    : entries_{entries},
      options_{options},
      k_{options.k},
      recent_(1, no_slot),
      history_{options.k - 1},
      incoming_(options.k - 1),
      outgoing_(options.k - 1) {
  LIBAGENT_EXPECTS(options.k >= 2 && options.k <= 64);
  LIBAGENT_EXPECTS(options.correlated_share >= 0 && options.correlated_share <= 4);
  LIBAGENT_EXPECTS(options.history_share >= 0);
  LIBAGENT_EXPECTS(options.stamp_max >= 8 && options.stamp_max < all_references);
}

void lru_k_policy::on_hit(cache_slot slot) {
  LIBAGENT_EXPECTS(slot < state_.size() && state_[slot].last() != 0);
  tick();
  if (state_[slot].last() <= ended_) {
    begin_burst(slot);
  } else {
    lengthen_burst(slot);
  }
  state_[slot].set_last(now_);
  recent_[now_ % recent_.size()] = slot;
}

void lru_k_policy::on_admit(const cache_entry_facts& incoming) {
  tick();
  if (!history_.take(incoming.key_hash, incoming_))
    std::ranges::fill(incoming_, 0U);
}

void lru_k_policy::on_insert(cache_slot slot) {
  auto& state = state_.grow_to(slot);
  LIBAGENT_EXPECTS(state.last() == 0);
  state.set_last(now_);
  bursts_.grow_to(slot) = 0;
  earlier_.grow_to(slot * (k_ - 1) + k_ - 2);
  std::ranges::copy(incoming_, earlier(slot).begin());
  recent_[now_ % recent_.size()] = slot;
  ++residents_;
}

void lru_k_policy::on_remove(cache_slot slot) {
  LIBAGENT_EXPECTS(slot < state_.size() && state_[slot].last() != 0);
  state_[slot] = {};
  --residents_;
}

std::optional<cache_slot> lru_k_policy::evict() {
  const auto victim = evict_uncorrelated();
  return victim ? victim : evict_any();
}

std::size_t lru_k_policy::memory_bytes() const {
  return state_.memory_bytes() + earlier_.memory_bytes() + bursts_.memory_bytes() +
         history_.memory_bytes() + heap_.capacity() * sizeof(node) +
         recent_.capacity() * sizeof(cache_slot);
}

std::uint32_t lru_k_policy::key_of(cache_slot slot) {
  const auto oldest = earlier(slot).back();
  return oldest != 0 ? oldest | all_references : burst_begin(slot);
}

// Moves on to the time of the next reference.
void lru_k_policy::tick() {
  if (now_ == options_.stamp_max)
    rebase();
  ++now_;
  end_correlated_periods();
  if (now_ - ended_ > recent_.size()) {
    std::vector<cache_slot> longer(recent_.size() + recent_.size() / 16 + 16, no_slot);
    for (auto time = ended_ + 1; time < now_; ++time)
      longer[time % longer.size()] = recent_[time % recent_.size()];
    recent_ = std::move(longer);
  }
  recent_[now_ % recent_.size()] = no_slot;
}

void lru_k_policy::end_correlated_periods() {
  const auto period = lru_k_share(residents_, options_.correlated_share);
  while (now_ - ended_ > period + 1) {
    ++ended_;
    const auto slot = recent_[ended_ % recent_.size()];
    if (slot != no_slot && state_[slot].last() == ended_ && !state_[slot].has_node())
      add_node(slot);
  }
}

// The length of the burst that ends does not count: all before it comes nearer by as much.
void lru_k_policy::begin_burst(cache_slot slot) {
  const auto mine = earlier(slot);
  for (std::size_t i = mine.size() - 1; i > 0; --i)
    mine[i] = mine[i - 1] == 0 ? 0 : mine[i - 1] + bursts_[slot];
  mine.front() = state_[slot].last();
  bursts_[slot] = 0;
}

void lru_k_policy::lengthen_burst(cache_slot slot) {
  constexpr std::uint32_t length_max = std::numeric_limits<std::uint16_t>::max();
  const auto length = bursts_[slot] + (now_ - state_[slot].last());
  bursts_[slot] = static_cast<std::uint16_t>(std::min(length, length_max));
}

void lru_k_policy::add_node(cache_slot slot) {
  if (heap_.size() > 2 * residents_ + 64)
    sweep_heap();
  if (heap_.size() == heap_.capacity())
    heap_.reserve(heap_.size() + heap_.size() / 16 + 16);
  heap_.push_back({key_of(slot), slot});
  std::ranges::push_heap(heap_, std::greater{});
  state_[slot].set_node(true);
}

std::optional<cache_slot> lru_k_policy::evict_uncorrelated() {
  while (!heap_.empty()) {
    const auto [key, slot] = heap_.front();
    std::ranges::pop_heap(heap_, std::greater{});
    heap_.pop_back();
    auto& state = state_[slot];
    if (!state.has_node())
      continue;  // of an entry that has left the slot
    state.set_node(false);
    if (state.last() > ended_)
      continue;  // comes back at the end of its period
    if (key_of(slot) == key) {
      forget(slot);
      return slot;
    }
    add_node(slot);
  }
  return std::nullopt;
}

// All are in their correlated reference period: the least recently used of them.
std::optional<cache_slot> lru_k_policy::evict_any() {
  while (ended_ < now_) {
    ++ended_;
    const auto slot = recent_[ended_ % recent_.size()];
    if (slot != no_slot && state_[slot].last() == ended_) {
      forget(slot);
      return slot;
    }
  }
  return std::nullopt;
}

void lru_k_policy::forget(cache_slot slot) {
  --residents_;
  outgoing_.front() = burst_begin(slot);
  std::ranges::copy(earlier(slot).first(k_ - 2), outgoing_.begin() + 1);
  history_.push(entries_.facts(slot).key_hash, outgoing_);
  history_.bound_to(lru_k_share(residents_, options_.history_share) + 1);
  state_[slot] = {};
}

// Drops the nodes of entries that have left, and those that a later reference made useless.
void lru_k_policy::sweep_heap() {
  const auto old = std::exchange(heap_, {});
  for (const auto& [key, slot] : old) {
    auto& state = state_[slot];
    if (state.has_node() && state.last() <= ended_)
      heap_.push_back({key_of(slot), slot});
    state.set_node(false);
  }
  for (const auto& kept : heap_)
    state_[kept.slot].set_node(true);
  std::ranges::make_heap(heap_, std::greater{});
}

// Once in the range of the stamps all are made smaller; the oldest become equal.
void lru_k_policy::rebase() {
  const auto shift = now_ / 2;
  const auto shrunk = [shift](std::uint32_t stamp) {
    return stamp > shift ? stamp - shift : std::min(stamp, 1U);
  };
  std::vector<cache_slot> recent(recent_.size(), no_slot);
  for (auto time = std::max(ended_, shift) + 1; time <= now_; ++time)
    recent[(time - shift) % recent.size()] = recent_[time % recent_.size()];
  recent_ = std::move(recent);
  for (cache_slot slot = 0; slot < state_.size(); ++slot) {
    const auto last = shrunk(state_[slot].last());
    state_[slot].set_last(last);
    if (bursts_[slot] >= last)
      bursts_[slot] = static_cast<std::uint16_t>(last - std::min(last, 1U));
  }
  for (auto& stamp : earlier_)
    stamp = shrunk(stamp);
  for (auto& stamp : incoming_)
    stamp = shrunk(stamp);
  history_.rebase(shift);
  now_ -= shift;
  ended_ = std::max(shrunk(ended_), 1U);
  heap_.clear();
  for (cache_slot slot = 0; slot < state_.size(); ++slot) {
    const auto last = state_[slot].last();
    state_[slot].set_node(last != 0 && last <= ended_);
    if (state_[slot].has_node())
      heap_.push_back({key_of(slot), slot});
  }
  std::ranges::make_heap(heap_, std::greater{});
}

}  // namespace libagent
