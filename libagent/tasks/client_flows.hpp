#pragma once

#include "libagent/base/time.hpp"
#include "libagent/tasks/client_weights.hpp"
#include "libagent/tasks/name_hash.hpp"
#include "libagent/tasks/task_entry.hpp"

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace libagent {

/// What one client has waiting, and where it stands in virtual time.
struct client_flow {
  std::string_view client;  ///< Points at the key of its table.
  task_list tasks;
  task_entry* first_fresh = nullptr;  ///< The first that did not come back from an executor.
  duration backlog{};
  double weight = 1;
  /// Start tag of the first waiting task, or finish tag of the last started one when none waits.
  double tag = 0;
  std::uint64_t order = 0;  ///< Decides between equal tags: who had its tag first.
  std::size_t heap_index = 0;
};

/// A binary heap of flows by tag. Each flow knows its place, so any can leave. Does not own.
class flow_heap {
public:
  [[nodiscard]] bool empty() const { return heap_.empty(); }

  [[nodiscard]] std::size_t size() const { return heap_.size(); }

  /// @pre Not empty.
  [[nodiscard]] client_flow& top() const { return *heap_.front(); }

  /// In no particular order but that `top` is first.
  [[nodiscard]] const std::vector<client_flow*>& flows() const { return heap_; }

  void push(client_flow& flow);
  /// @pre `flow` is in this heap.
  void remove(client_flow& flow);

  void clear() { heap_.clear(); }

  /// To be called after the tag of `flow` grew.
  void sink(client_flow& flow) { sift_down(flow.heap_index); }

private:
  void place(std::size_t index, client_flow* flow);
  void sift_up(std::size_t index);
  void sift_down(std::size_t index);

  std::vector<client_flow*> heap_;
};

/// The waiting tasks of one criticality level, served by start-time fair queuing (Goyal, Vin and
/// Cheng 1996): among the first tasks of all clients, the one with the least start tag is next.
///
/// A client's start tag moves on by cost / weight with each task it gets started. Virtual time is
/// the start tag of the task started last, and a client that comes anew begins there: who was
/// away saves nothing up, and who was greedy has no lead to wait for. Only the first task of a
/// client needs a tag, so a task that is cancelled is never charged.
///
/// Clients without waiting tasks are remembered until virtual time has passed their finish tag,
/// and never more than `idle_max` of them. Past that, virtual time skips to the least finish tag;
/// this is also what keeps an endless row of new names from starving the clients that wait.
/// When nothing waits there is nothing to be fair about, and all is forgotten.
class client_flows {
public:
  static constexpr std::size_t idle_max = 256;

  client_flows() = default;
  ~client_flows() = default;
  client_flows(const client_flows&) = delete;
  client_flows& operator=(const client_flows&) = delete;
  client_flows(client_flows&&) noexcept = default;
  client_flows& operator=(client_flows&&) noexcept = default;

  /// `weights` may be null: all weigh 1.
  void push(task_entry& entry, bool in_front, const client_weights* weights);
  void remove(task_entry& entry);
  /// Removes, charges the client, and lets virtual time go on.
  void take(task_entry& entry);

  [[nodiscard]] task_entry* front() const {
    return waiting_.empty() ? nullptr : waiting_.top().tasks.front();
  }

  [[nodiscard]] task_entry* oldest() const;

  [[nodiscard]] std::size_t size() const { return size_; }

  [[nodiscard]] duration backlog() const { return backlog_; }

  /// The sum of the weights of the clients that have something waiting.
  [[nodiscard]] double weight() const { return weight_; }

  /// The clients that have something waiting.
  [[nodiscard]] const std::vector<client_flow*>& waiting() const { return waiting_.flows(); }

  /// Null when nothing is known of the client.
  [[nodiscard]] const client_flow* find(std::string_view client) const;

  /// Clients that something is kept for, with or without waiting tasks.
  [[nodiscard]] std::size_t known() const { return flows_.size(); }

private:
  client_flow& flow_for(std::string_view client, const client_weights* weights);
  client_flow& flow_of(const task_entry& entry);
  void detach(client_flow& flow, task_entry& entry);
  void rest(client_flow& flow);
  void forget_idle();
  void forget_all();

  name_table<client_flow> flows_;
  flow_heap waiting_;
  flow_heap idle_;
  double virtual_time_ = 0;  // Microseconds of service at weight 1.
  std::uint64_t next_order_ = 0;
  std::size_t size_ = 0;
  duration backlog_{};
  double weight_ = 0;
};

}  // namespace libagent
