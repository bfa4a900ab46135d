#include "libagent/cache/gdsf_policy.hpp"

#include "libagent/base/contract.hpp"

#include <algorithm>
#include <cmath>

namespace libagent {

namespace {

constexpr std::size_t heap_arity = 4;
constexpr double worth_span = 1024;
// The typical worth is a mean over about so many admissions.
constexpr double typical_over = 1024;

double raw_worth_per_byte(cache_objective objective, const cache_entry_facts& facts) {
  const auto worth = std::max<std::uint64_t>(worth_of(facts, objective), 1);
  return static_cast<double>(worth) / static_cast<double>(std::max(facts.charge_bytes, 1U));
}

}  // namespace

gdsf_policy::gdsf_policy(const entry_index& entries, const gdsf_options& options)
    : entries_{entries}, options_{options}, sketch_{long_sketch_memory} {}

std::string_view gdsf_policy::name() const {
  return options_.objective == cache_objective::cost ? "gdsf-cost" : "gdsf";
}

void gdsf_policy::on_hit(cache_slot slot) {
  LIBAGENT_EXPECTS(slot < places_.size() && places_[slot].position != absent);
  if (options_.remember_evicted)
    sketch_.record(entries_.facts(slot).key_hash);
  ++places_[slot].uses;
  settle(places_[slot].position, ranked(slot));
}

void gdsf_policy::on_admit(const cache_entry_facts& incoming) {
  learn_typical_worth(incoming);
  if (options_.remember_evicted)
    sketch_.record(incoming.key_hash);
}

void gdsf_policy::on_insert(cache_slot slot) {
  places_.grow_to(slot);
  LIBAGENT_EXPECTS(places_[slot].position == absent);
  places_[slot].uses = options_.remember_evicted
                           ? std::max(sketch_.frequency(entries_.facts(slot).key_hash), 1U)
                           : 1U;
  // Doubling would leave up to half of the array empty.
  if (heap_.size() == heap_.capacity())
    heap_.reserve(heap_.size() + heap_.size() / 8 + 16);
  heap_.emplace_back();
  sift_up(heap_.size() - 1, ranked(slot));
  if (options_.remember_evicted)
    sketch_.fit(heap_.size());
}

void gdsf_policy::on_update(cache_slot slot, const cache_entry_facts& old_facts) {
  static_cast<void>(old_facts);
  on_hit(slot);
}

void gdsf_policy::on_remove(cache_slot slot) {
  LIBAGENT_EXPECTS(slot < places_.size() && places_[slot].position != absent);
  take_out(places_[slot].position);
}

std::optional<cache_slot> gdsf_policy::evict() {
  if (heap_.empty())
    return std::nullopt;
  const auto victim = heap_.front();
  clock_ = std::max(clock_, victim.priority);
  take_out(0);
  return victim.slot;
}

std::size_t gdsf_policy::memory_bytes() const {
  return heap_.capacity() * sizeof(node) + places_.memory_bytes() + sketch_.memory_bytes();
}

bool gdsf_policy::leaves_first(const node& a, const node& b) {
  if (a.priority != b.priority)
    return a.priority < b.priority;
  return static_cast<std::int32_t>(a.used_at - b.used_at) < 0;
}

double gdsf_policy::worth_per_byte(const cache_entry_facts& facts) const {
  const auto typical = std::exp2(typical_log_worth_);
  return std::clamp(raw_worth_per_byte(options_.objective, facts), typical / worth_span,
                    typical * worth_span);
}

// A mean of logarithms: a single outlier moves it by next to nothing.
void gdsf_policy::learn_typical_worth(const cache_entry_facts& facts) {
  ++admissions_;
  const auto weight = 1.0 / std::min(static_cast<double>(admissions_), typical_over);
  const auto log_worth = std::log2(raw_worth_per_byte(options_.objective, facts));
  typical_log_worth_ += (log_worth - typical_log_worth_) * weight;
}

gdsf_policy::node gdsf_policy::ranked(cache_slot slot) {
  const auto& facts = entries_.facts(slot);
  return {clock_ + static_cast<double>(places_[slot].uses) * worth_per_byte(facts), ++uses_, slot};
}

void gdsf_policy::sift_up(std::size_t position, const node& moving) {
  while (position > 0) {
    const auto parent = (position - 1) / heap_arity;
    if (!leaves_first(moving, heap_[parent]))
      break;
    heap_[position] = heap_[parent];
    places_[heap_[position].slot].position = static_cast<std::uint32_t>(position);
    position = parent;
  }
  heap_[position] = moving;
  places_[moving.slot].position = static_cast<std::uint32_t>(position);
}

void gdsf_policy::sift_down(std::size_t position, const node& moving) {
  for (;;) {
    const auto first = position * heap_arity + 1;
    if (first >= heap_.size())
      break;
    auto least = first;
    for (auto child = first + 1; child < std::min(first + heap_arity, heap_.size()); ++child) {
      if (leaves_first(heap_[child], heap_[least]))
        least = child;
    }
    if (!leaves_first(heap_[least], moving))
      break;
    heap_[position] = heap_[least];
    places_[heap_[position].slot].position = static_cast<std::uint32_t>(position);
    position = least;
  }
  heap_[position] = moving;
  places_[moving.slot].position = static_cast<std::uint32_t>(position);
}

void gdsf_policy::settle(std::size_t position, const node& moving) {
  if (leaves_first(moving, heap_[position])) {
    sift_up(position, moving);
  } else {
    sift_down(position, moving);
  }
}

void gdsf_policy::take_out(std::size_t position) {
  places_[heap_[position].slot].position = absent;
  const auto last = heap_.back();
  heap_.pop_back();
  if (position == heap_.size())
    return;
  // The last node is no relation of the one that leaves: it may belong further up.
  if (position > 0 && leaves_first(last, heap_[(position - 1) / heap_arity])) {
    sift_up(position, last);
  } else {
    sift_down(position, last);
  }
}

}  // namespace libagent
