#include "libagent/cache/belady.hpp"

#include "libagent/base/contract.hpp"

#include <algorithm>
#include <limits>
#include <queue>
#include <utility>
#include <vector>

namespace libagent {

namespace {

constexpr auto never = std::numeric_limits<std::uint32_t>::max();

/// For each request the position of the next one for the same object, or `never`.
std::vector<std::uint32_t> next_requests(const access_trace& trace) {
  LIBAGENT_EXPECTS(trace.requests.size() < never);
  std::vector<std::uint32_t> next(trace.requests.size());
  std::vector<std::uint32_t> seen_at(trace.objects.size(), never);
  for (auto at = static_cast<std::uint32_t>(next.size()); at-- > 0;)
    next[at] = std::exchange(seen_at[trace.requests[at]], at);
  return next;
}

/// The contents of a cache that always evicts what is requested again last.
class foresighted_contents {
public:
  foresighted_contents(const access_trace& trace, std::uint64_t capacity_bytes)
      : trace_{trace},
        is_here_(trace.objects.size()),
        free_bytes_{capacity_bytes},
        capacity_bytes_{capacity_bytes} {}

  /// Returns whether the object was there.
  bool request(std::uint32_t id, std::uint32_t next) {
    const bool is_hit = is_here_[id];
    const std::uint64_t charge_bytes = trace_.objects[id].charge_bytes;
    if (!is_hit && charge_bytes > capacity_bytes_)
      return false;
    if (!is_hit) {
      while (free_bytes_ < charge_bytes)
        evict();
      free_bytes_ -= charge_bytes;
    }
    is_here_[id] = true;
    order_.emplace(next, id);
    return is_hit;
  }

private:
  /// Each request leaves an entry in the queue. Those of earlier requests are for times that have
  /// passed, and so stay behind the one true entry of each object that is here.
  void evict() {
    const auto id = order_.top().second;
    order_.pop();
    is_here_[id] = false;
    free_bytes_ += trace_.objects[id].charge_bytes;
  }

  const access_trace& trace_;
  std::vector<bool> is_here_;                                           // by id
  std::priority_queue<std::pair<std::uint32_t, std::uint32_t>> order_;  // next request, id
  std::uint64_t free_bytes_;
  std::uint64_t capacity_bytes_;
};

/// A request that hits if its object stayed since the last one.
struct reuse {
  double occupied = 0;  // charge x requests of waiting
  double worth = 0;
};

std::vector<reuse> reuses_of(const access_trace& trace, std::uint64_t capacity_bytes,
                             cache_objective objective) {
  std::vector<reuse> all;
  const auto next = next_requests(trace);
  for (std::uint32_t at = 0; at < next.size(); ++at) {
    const auto& object = trace.objects[trace.requests[at]];
    if (next[at] == never || object.charge_bytes > capacity_bytes)
      continue;
    all.push_back({.occupied = static_cast<double>(next[at] - at) * object.charge_bytes,
                   .worth = static_cast<double>(worth_of(object, objective))});
  }
  return all;
}

}  // namespace

replay_outcome replay_belady(const access_trace& trace, std::uint64_t capacity_bytes) {
  const auto next = next_requests(trace);
  foresighted_contents contents{trace, capacity_bytes};
  replay_outcome outcome;
  for (std::size_t at = 0; at < next.size(); ++at) {
    const auto id = trace.requests[at];
    outcome.add(trace.objects[id], contents.request(id, next[at]));
  }
  return outcome;
}

double hit_bound(const access_trace& trace, std::uint64_t capacity_bytes,
                 cache_objective objective) {
  auto reuses = reuses_of(trace, capacity_bytes, objective);
  std::ranges::sort(reuses, [](const reuse& a, const reuse& b) {
    return a.worth * b.occupied > b.worth * a.occupied;
  });
  double asked = 0;
  for (const auto id : trace.requests)
    asked += static_cast<double>(worth_of(trace.objects[id], objective));
  auto room = static_cast<double>(capacity_bytes) * static_cast<double>(trace.requests.size());
  double saved = 0;
  for (const auto& one : reuses) {
    if (one.occupied >= room) {
      saved += one.worth * room / one.occupied;
      break;
    }
    room -= one.occupied;
    saved += one.worth;
  }
  return asked == 0 ? 0.0 : saved / asked;
}

}  // namespace libagent
