#pragma once

#include "libagent/base/time.hpp"
#include "libagent/tasks/client_flows.hpp"
#include "libagent/tasks/client_weights.hpp"
#include "libagent/tasks/task_entry.hpp"

#include <array>
#include <cstddef>
#include <string_view>

namespace libagent {

/// The tasks that wait in one route and lane. The highest criticality goes first; within it the
/// clients share by weight and estimated cost (see `client_flows`), and each client's own tasks
/// go first come, first served.
///
/// The list is threaded through the entries, so a task costs no memory here beyond its client's
/// state. Pushing, removing and taking are O(log clients). An entry's level and client must not
/// change while it waits. Thread safety: none; the dispatcher owns it. Does not own the entries.
class fair_queue {
public:
  /// `weights` may be null: all weigh 1. Otherwise it must outlive the queue.
  explicit fair_queue(const client_weights* weights = nullptr) : weights_{weights} {}

  /// Adds a task behind its client's others. `cost` is its estimated service time; it counts as
  /// at least 1 us and at most 1 h.
  void push_back(task_entry& entry, duration cost) { push(entry, cost, false); }

  /// Adds a task that was started before ahead of its client's others. It is charged again when
  /// it starts again.
  void push_front(task_entry& entry, duration cost) { push(entry, cost, true); }

  /// Takes a task out that will not be started: its client is not charged.
  /// @pre `entry` is in this queue.
  void remove(task_entry& entry) { level_of(entry).remove(entry); }

  /// Takes a task out that starts now: its client is charged, and virtual time goes on.
  /// @pre `entry` is in this queue; it need not be the front.
  void take(task_entry& entry) { level_of(entry).take(entry); }

  /// The next task to start; null when there is none.
  [[nodiscard]] task_entry* front() const { return front(criticality::sheddable); }

  /// The next among those of level `at_least` or higher.
  [[nodiscard]] task_entry* front(criticality at_least) const;

  [[nodiscard]] std::size_t size() const;

  /// The sum of the costs.
  [[nodiscard]] duration backlog() const { return backlog(criticality::sheddable); }

  [[nodiscard]] duration backlog(criticality at_least) const;
  [[nodiscard]] duration client_backlog(std::string_view client, criticality at_least) const;
  [[nodiscard]] std::size_t client_size(std::string_view client) const;

  /// The sum of the weights of the clients that have something waiting at those levels; each
  /// counts once. O(1) while only one of these levels is used, O(clients) otherwise.
  [[nodiscard]] double active_weight(criticality at_least) const;

  /// The task that has waited longest, by `since`; null when there is none. O(clients).
  [[nodiscard]] task_entry* oldest() const;

  /// Calls `f(task_entry&)` for all: by level, then client by client in about their order, each
  /// client's in the order in which they would start. `f` must not change the queue.
  template <class F>
  void each(F f) const {
    // NOLINTNEXTLINE(modernize-loop-convert): <ranges> is large, and this is backwards
    for (auto level = levels_.rbegin(); level != levels_.rend(); ++level) {
      for (const auto* flow : level->waiting()) {
        for (auto* entry = flow->tasks.front(); entry != nullptr; entry = entry->next)
          f(*entry);
      }
    }
  }

  /// Clients that something is kept for, counted per level; for tests and metrics.
  [[nodiscard]] std::size_t known_clients() const;

private:
  void push(task_entry& entry, duration cost, bool in_front);

  [[nodiscard]] client_flows& level_of(const task_entry& entry) {
    return levels_[static_cast<std::size_t>(entry.record.level)];
  }

  const client_weights* weights_;
  std::array<client_flows, criticality_levels> levels_;
};

}  // namespace libagent
