#include "libagent/tasks/fair_queue.hpp"

#include <algorithm>
#include <chrono>
#include <span>

namespace libagent {

namespace {

using namespace std::chrono_literals;

// Zero would be free for ever; and 100,000 tasks of the upper bound still fit into a duration.
constexpr duration cost_min = 1us;
constexpr duration cost_max = 1h;

std::span<const client_flows> levels_from(
    const std::array<client_flows, criticality_levels>& levels, criticality at_least) {
  return std::span{levels}.subspan(static_cast<std::size_t>(at_least));
}

bool waits_in(std::span<const client_flows> levels, std::string_view client) {
  return std::ranges::any_of(levels, [client](const client_flows& level) {
    const auto* flow = level.find(client);
    return flow != nullptr && flow->tasks.front() != nullptr;
  });
}

}  // namespace

void fair_queue::push(task_entry& entry, duration cost, bool in_front) {
  entry.cost = std::clamp(cost, cost_min, cost_max);
  level_of(entry).push(entry, in_front, weights_);
}

task_entry* fair_queue::front(criticality at_least) const {
  for (auto index = criticality_levels; index-- > static_cast<std::size_t>(at_least);) {
    if (auto* entry = levels_[index].front())
      return entry;
  }
  return nullptr;
}

std::size_t fair_queue::size() const {
  std::size_t sum = 0;
  for (const auto& level : levels_)
    sum += level.size();
  return sum;
}

duration fair_queue::backlog(criticality at_least) const {
  duration sum{};
  for (const auto& level : levels_from(levels_, at_least))
    sum += level.backlog();
  return sum;
}

duration fair_queue::client_backlog(std::string_view client, criticality at_least) const {
  duration sum{};
  for (const auto& level : levels_from(levels_, at_least)) {
    if (const auto* flow = level.find(client))
      sum += flow->backlog;
  }
  return sum;
}

std::size_t fair_queue::client_size(std::string_view client) const {
  std::size_t sum = 0;
  for (const auto& level : levels_) {
    if (const auto* flow = level.find(client))
      sum += flow->tasks.size();
  }
  return sum;
}

double fair_queue::active_weight(criticality at_least) const {
  const auto levels = levels_from(levels_, at_least);
  double sum = 0;
  bool is_first = true;
  for (std::size_t index = 0; index < levels.size(); ++index) {
    if (levels[index].size() == 0)
      continue;
    if (is_first) {
      sum = levels[index].weight();
      is_first = false;
      continue;
    }
    for (const auto* flow : levels[index].waiting()) {
      if (!waits_in(levels.first(index), flow->client))
        sum += flow->weight;
    }
  }
  return sum;
}

task_entry* fair_queue::oldest() const {
  task_entry* oldest = nullptr;
  for (const auto& level : levels_) {
    auto* candidate = level.oldest();
    if (candidate != nullptr && (oldest == nullptr || candidate->since < oldest->since))
      oldest = candidate;
  }
  return oldest;
}

std::size_t fair_queue::known_clients() const {
  std::size_t sum = 0;
  for (const auto& level : levels_)
    sum += level.known();
  return sum;
}

}  // namespace libagent
