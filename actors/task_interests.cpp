#include "actors/task_interests.hpp"

#include "actors/bridge/errors.hpp"

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

void task_interests::add_acceptance(const task_id& id, promise answer) {
  by_task_[id].acceptances.push_back(std::move(answer));
}

void task_interests::accepted(const task_record& record) {
  const auto found = by_task_.find(record.id);
  if (found == by_task_.end())
    return;
  auto& [observers, promises, acceptances] = found->second;
  for (auto& answer : std::exchange(acceptances, {}))
    answer.deliver(record);
  for (const auto& observer : observers)
    observer->on_change(record);
  if (observers.empty() && promises.empty())
    by_task_.erase(found);
}

void task_interests::fail(const task_id& id, const error& why) {
  const auto found = by_task_.find(id);
  if (found == by_task_.end())
    return;
  const auto lost = std::move(found->second);
  by_task_.erase(found);
  for (const auto& observer : lost.observers)
    observer->on_refused(why);
  for (auto answer : lost.promises)
    answer.deliver(to_caf_error(why));
  for (auto answer : lost.acceptances)
    answer.deliver(to_caf_error(why));
}

void task_interests::tell(const task_record& record) {
  const auto found = by_task_.find(record.id);
  if (found == by_task_.end())
    return;
  for (auto& answer : std::exchange(found->second.acceptances, {}))
    answer.deliver(record);
  for (const auto& observer : found->second.observers)
    observer->on_change(record);
  if (!is_terminal(record.state))
    return;
  for (auto& answer : found->second.promises)
    answer.deliver(record);
  by_task_.erase(found);
}

}  // namespace libagent::actors
