#include "libagent/cache/trace_replay.hpp"

namespace libagent {

void replay_outcome::add(const cache_entry_facts& object, bool is_hit) {
  const std::uint64_t factor = is_hit ? 1 : 0;
  ++requests;
  hits += factor;
  requested_bytes += object.charge_bytes;
  hit_bytes += factor * object.charge_bytes;
  requested_cost += object.cost;
  hit_cost += factor * object.cost;
}

double replay_outcome::miss_ratio(cache_objective objective) const {
  auto asked = requests;
  auto saved = hits;
  if (objective == cache_objective::bytes) {
    asked = requested_bytes;
    saved = hit_bytes;
  } else if (objective == cache_objective::cost) {
    asked = requested_cost;
    saved = hit_cost;
  }
  return asked == 0 ? 1.0 : static_cast<double>(asked - saved) / static_cast<double>(asked);
}

replay_outcome replay(const access_trace& trace, std::uint64_t capacity_bytes,
                      const policy_factory& make_policy) {
  ghost_cache cache{capacity_bytes, make_policy};
  replay_outcome outcome;
  for (const auto id : trace.requests)
    outcome.add(trace.objects[id], cache.access(trace.objects[id]));
  return outcome;
}

}  // namespace libagent
