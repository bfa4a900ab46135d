#pragma once

/// Who wants to hear of which task.

#include "actors/protocol/types.hpp"

#include <caf/typed_response_promise.hpp>

#include <cstddef>
#include <unordered_map>
#include <vector>

namespace libagent::actors {

/// Remembers observers and open answers by task, until the task ends.
///
/// Dropping it drops them all: observers then see that the outcome is unknown, and CAF answers the
/// promises with an error. Thread safety: none; the dispatcher owns it.
class task_interests {
public:
  using promise = caf::typed_response_promise<task_record>;

  /// Per task; more are refused.
  static constexpr std::size_t observers_max = 64;

  /// Returns whether there was room.
  bool add(const task_id& id, task_observer_ptr observer);
  /// Answered with the record once it is terminal.
  void add(const task_id& id, promise answer);

  /// Answered with the record once the task is accepted for good, or changes.
  void add_acceptance(const task_id& id, promise answer);

  /// The task is accepted for good.
  void accepted(const task_record& record);
  /// Nothing more will be heard of it.
  void fail(const task_id& id, const error& why);

  /// Tells everybody of a change; a terminal one is the last that they hear.
  void tell(const task_record& record);

private:
  struct interested {
    std::vector<task_observer_ptr> observers;
    std::vector<promise> promises;
    std::vector<promise> acceptances;
  };

  std::unordered_map<task_id, interested> by_task_;
};

}  // namespace libagent::actors
