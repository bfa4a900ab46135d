#include "actors/task_interests.hpp"

#include <utility>

namespace libagent::actors {

bool task_interests::add(const task_id& id, task_observer_ptr observer) {
  auto& observers = by_task_[id].observers;
  if (observers.size() >= observers_max)
    return false;
  observers.push_back(std::move(observer));
  return true;
}

void task_interests::add(const task_id& id, promise answer) {
  by_task_[id].promises.push_back(std::move(answer));
}

void task_interests::tell(const task_record& record) {
  const auto found = by_task_.find(record.id);
  if (found == by_task_.end())
    return;
  for (const auto& observer : found->second.observers)
    observer->on_change(record);
  if (!is_terminal(record.state))
    return;
  for (auto& answer : found->second.promises)
    answer.deliver(record);
  by_task_.erase(found);
}

}  // namespace libagent::actors
