#pragma once

#include "libagent/base/time.hpp"
#include "libagent/tasks/retry_policy.hpp"
#include "libagent/tasks/task.hpp"
#include "libagent/tasks/task_group.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace libagent {

/// Both clocks, read once per event: deadlines need the first, people the second.
struct instant {
  time_point steady;
  unix_millis unix_time = 0;
};

/// Names a queue and the executors that serve it, for example all handlers, or one agent.
using route_id = std::uint32_t;

/// A request that was resolved and checked, ready to be admitted.
struct task_order {
  std::string target;
  std::string arguments;
  lane task_lane = lane::interactive;
  effects task_effects = effects::idempotent;
  std::chrono::milliseconds timeout{30'000};
  route_id route = 0;
  criticality level = criticality::critical;
  std::string client;              ///< Empty: this node itself.
  std::string note;                ///< For the record.
  duration cost{};                 ///< Estimated run time; zero: not known yet.
  std::uint64_t memory_bytes = 0;  ///< To be reserved before it starts.
  std::string key;                 ///< Idempotency key of that client; empty: none.
  std::string trace;               ///< W3C traceparent; empty: none.
  bool durable = false;            ///< Is journalled.
  bool is_brief = false;           ///< As in the request.
  retry_policy retry;
  std::optional<task_id> parent;
  std::uint32_t depth = 0;        ///< Ancestors.
  std::uint64_t fingerprint = 0;  ///< Of the request, to compare under the same key.
  bool is_refusable = true;       ///< Somebody waits to be told whether it is accepted.
};

/// Where a task is that waits.
enum class task_place : std::uint8_t {
  queue,     ///< In the queue of its route and lane.
  parked,    ///< Beside it, until memory or the journal is there.
  delayed,   ///< Until the time for another try has come.
  children,  ///< Until its children have ended.
};

/// One tracked task: the record that everybody sees, and what only the dispatcher needs.
///
/// The record is stored ready to be shown, so that telling an observer copies nothing. An entry is
/// in exactly one place: the queue of its route and lane, one of the other places of waiting
/// tasks, the running ones, or the ended ones.
struct task_entry {
  task_record record;
  std::shared_ptr<const std::string> arguments;  ///< Null once the task has ended.
  time_point deadline;
  time_point since;  ///< When it came into its present state.
  std::chrono::milliseconds timeout{0};
  route_id route = 0;
  std::uint32_t charge_bytes = 0;
  effects task_effects = effects::idempotent;
  std::uint64_t memory_bytes = 0;  ///< To be reserved before it starts.
  task_place place = task_place::queue;
  bool is_durable = false;
  bool is_brief = false;        ///< Forgotten soon after its end.
  bool is_preempted = false;    ///< Asked to stop, to be run again later.
  bool is_suspect = false;      ///< It ran when the process went down: to be run apart.
  bool is_unsure = false;       ///< A change could not be journalled, and never will be.
  std::uint32_t failures = 0;   ///< Runs that ended with an error which may pass.
  std::uint32_t unwritten = 0;  ///< Changes that are not journalled yet.
  std::uint32_t depth = 0;      ///< Ancestors.
  std::uint64_t fingerprint = 0;
  time_point not_before;            ///< When it is delayed.
  unix_millis not_before_unix = 0;  ///< The same as the wall clock was when the delay began.
  retry_policy retry;
  duration cost{};  ///< Its estimated service time while it waits; set by `fair_queue`.
  std::shared_ptr<const group_outcome> group;  ///< What its children came to; null: none.

  static constexpr std::size_t not_in_heap = std::numeric_limits<std::size_t>::max();
  std::size_t heap_index = not_in_heap;
  task_entry* previous = nullptr;
  task_entry* next = nullptr;
};

/// A doubly linked list threaded through the entries: removal from the middle is O(1) and nothing
/// is allocated, so a cancelled task leaves no trace in a queue. Does not own.
class task_list {
public:
  [[nodiscard]] task_entry* front() const { return front_; }

  [[nodiscard]] task_entry* back() const { return back_; }

  [[nodiscard]] std::size_t size() const { return size_; }

  void push_back(task_entry& entry);
  void push_front(task_entry& entry);
  /// @pre `entry` is in this list.
  void remove(task_entry& entry);

private:
  task_entry* front_ = nullptr;
  task_entry* back_ = nullptr;
  std::size_t size_ = 0;
};

/// A binary heap of entries by deadline. Each entry knows its place, so an ended task leaves at
/// once in O(log n) and the heap never holds more than the live tasks. Does not own.
class deadline_heap {
public:
  /// The entry whose deadline is first; null when empty.
  [[nodiscard]] task_entry* top() const { return heap_.empty() ? nullptr : heap_.front(); }

  [[nodiscard]] std::size_t size() const { return heap_.size(); }

  /// @pre `entry` is not in a heap.
  void push(task_entry& entry);
  /// Does nothing when `entry` is in no heap.
  void remove(task_entry& entry);

private:
  void place(std::size_t index, task_entry* entry);
  void sift_up(std::size_t index);
  void sift_down(std::size_t index);

  std::vector<task_entry*> heap_;
};

}  // namespace libagent
