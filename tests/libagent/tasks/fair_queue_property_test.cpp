#include "libagent/base/random.hpp"
#include "libagent/tasks/fair_queue.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <array>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <vector>

using namespace libagent;
using namespace std::chrono_literals;

namespace {

/// One level as the paper says it, without heaps and without forgetting.
struct naive_level {
  struct client {
    std::deque<task_entry*> tasks;
    double tag = 0;
    int order = 0;
  };

  void push(task_entry& entry, bool in_front) {
    auto& owner = clients[entry.record.client];
    if (owner.tasks.empty()) {
      owner.tag = std::max(owner.tag, virtual_time);
      owner.order = next_order++;
    }
    if (in_front) {
      owner.tasks.push_front(&entry);
    } else {
      owner.tasks.push_back(&entry);
    }
  }

  void remove(task_entry& entry) {
    std::erase(clients[entry.record.client].tasks, &entry);
    if (std::ranges::all_of(clients, [](const auto& c) { return c.second.tasks.empty(); }))
      *this = {};
  }

  void take(task_entry& entry, double weight) {
    auto& owner = clients[entry.record.client];
    virtual_time = std::max(virtual_time, owner.tag);
    owner.tag += std::chrono::duration<double, std::micro>{entry.cost}.count() / weight;
    owner.order = next_order++;
    remove(entry);
  }

  [[nodiscard]] task_entry* front() const {
    const client* first = nullptr;
    for (const auto& [name, each] : clients) {
      if (!each.tasks.empty() && (first == nullptr || std::pair{each.tag, each.order} <
                                                          std::pair{first->tag, first->order}))
        first = &each;
    }
    return first == nullptr ? nullptr : first->tasks.front();
  }

  std::map<std::string, client> clients;
  double virtual_time = 0;
  int next_order = 0;
};

struct fair_queue_trial {
  explicit fair_queue_trial(std::uint64_t seed) : random{seed} {
    const auto parsed = client_weights::parse("a=3,b=0.5,c=7");
    REQUIRE(parsed);
    weights = *parsed;
  }

  std::size_t below(std::size_t bound) { return static_cast<std::size_t>(random() % bound); }

  naive_level& level_of(const task_entry& entry) {
    return naive[static_cast<std::size_t>(entry.record.level)];
  }

  void push(task_entry& entry, bool in_front) {
    entry.since = time_point{} + std::chrono::milliseconds{++step / 3};
    const auto cost = std::chrono::milliseconds{1 + below(20)};
    if (in_front) {
      queue.push_front(entry, cost);
    } else {
      queue.push_back(entry, cost);
    }
    level_of(entry).push(entry, in_front);
    waiting.push_back(&entry);
  }

  void push_new() {
    auto& entry = entries.emplace_back();
    entry.record.client = std::string(1, static_cast<char>('a' + below(6)));
    entry.record.level = static_cast<criticality>(below(criticality_levels));
    push(entry, false);
  }

  void take(task_entry& entry) {
    queue.take(entry);
    level_of(entry).take(entry, weights.of(entry.record.client));
    std::erase(waiting, &entry);
    started.push_back(&entry);
  }

  void remove(task_entry& entry) {
    queue.remove(entry);
    level_of(entry).remove(entry);
    std::erase(waiting, &entry);
  }

  void come_back() {
    auto* entry = started[below(started.size())];
    std::erase(started, entry);
    push(*entry, true);
  }

  void act(std::size_t arrivals) {
    const auto choice = below(10);
    if (choice < arrivals || waiting.empty()) {
      push_new();
    } else if (choice < 8) {
      take(*queue.front());
    } else if (choice == 8 && !started.empty()) {
      come_back();
    } else if (below(2) == 0) {
      take(*waiting[below(waiting.size())]);
    } else {
      remove(*waiting[below(waiting.size())]);
    }
  }

  [[nodiscard]] task_entry* naive_front() const {
    for (auto level = naive.rbegin(); level != naive.rend(); ++level) {
      if (auto* entry = level->front())
        return entry;
    }
    return nullptr;
  }

  void check_sums(criticality at_least) {
    duration backlog{};
    std::map<std::string, duration> by_client;
    for (const auto* entry : waiting) {
      if (entry->record.level < at_least)
        continue;
      backlog += entry->cost;
      by_client[entry->record.client] += entry->cost;
    }
    double weight = 0;
    for (const auto& [client, sum] : by_client) {
      weight += weights.of(client);
      REQUIRE(queue.client_backlog(client, at_least) == sum);
    }
    REQUIRE(queue.backlog(at_least) == backlog);
    REQUIRE(queue.active_weight(at_least) == Approx(weight).margin(1e-9));
  }

  void check() {
    REQUIRE(queue.front() == naive_front());
    REQUIRE(queue.size() == waiting.size());
    std::vector<task_entry*> seen;
    queue.each([&seen](task_entry& entry) { seen.push_back(&entry); });
    REQUIRE(std::ranges::is_permutation(seen, waiting));
    check_sums(static_cast<criticality>(below(criticality_levels)));
    const auto oldest = std::ranges::min_element(waiting, {}, &task_entry::since);
    const auto* found = queue.oldest();
    REQUIRE((found == nullptr) == waiting.empty());
    if (found != nullptr)
      REQUIRE(found->since == (*oldest)->since);
  }

  seeded_random random;
  client_weights weights;
  fair_queue queue{&weights};
  std::array<naive_level, criticality_levels> naive;
  std::deque<task_entry> entries;
  std::vector<task_entry*> waiting;
  std::vector<task_entry*> started;
  int step = 0;
};

}  // namespace

TEST_CASE("a fair queue agrees with a naive one over random operations", "[tasks]") {
  const auto seed = GENERATE(range(0U, 24U));
  CAPTURE(seed);
  fair_queue_trial trial{seed};
  const std::size_t arrivals = 3 + seed % 3;  // Emptying, balanced and growing.
  for (int step = 0; step < 400; ++step) {
    CAPTURE(step);
    trial.act(arrivals);
    trial.check();
  }
}
