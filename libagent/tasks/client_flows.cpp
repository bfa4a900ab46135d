#include "libagent/tasks/client_flows.hpp"

#include "libagent/base/contract.hpp"

#include <algorithm>
#include <chrono>
#include <string>
#include <utility>

namespace libagent {

namespace {

bool goes_first(const client_flow& a, const client_flow& b) {
  return a.tag != b.tag ? a.tag < b.tag : a.order < b.order;
}

double virtual_cost(const task_entry& entry, double weight) {
  return std::chrono::duration<double, std::micro>{entry.cost}.count() / weight;
}

task_entry* oldest_of(const client_flow& flow) {
  // Those that came back lie in front, the latest first; behind them the fresh ones, oldest first.
  auto* fresh = flow.first_fresh;
  auto* returned = fresh != nullptr ? fresh->previous : flow.tasks.back();
  if (fresh == nullptr || returned == nullptr)
    return fresh != nullptr ? fresh : returned;
  return returned->since < fresh->since ? returned : fresh;
}

}  // namespace

void flow_heap::push(client_flow& flow) {
  heap_.push_back(&flow);
  flow.heap_index = heap_.size() - 1;
  sift_up(flow.heap_index);
}

void flow_heap::remove(client_flow& flow) {
  const auto index = flow.heap_index;
  LIBAGENT_EXPECTS(index < heap_.size() && heap_[index] == &flow);
  auto* last = heap_.back();
  heap_.pop_back();
  if (last == &flow)
    return;
  place(index, last);
  sift_up(index);
  sift_down(last->heap_index);
}

void flow_heap::place(std::size_t index, client_flow* flow) {
  heap_[index] = flow;
  flow->heap_index = index;
}

void flow_heap::sift_up(std::size_t index) {
  auto* flow = heap_[index];
  while (index > 0) {
    const auto parent = (index - 1) / 2;
    if (!goes_first(*flow, *heap_[parent]))
      break;
    place(index, heap_[parent]);
    index = parent;
  }
  place(index, flow);
}

void flow_heap::sift_down(std::size_t index) {
  auto* flow = heap_[index];
  for (;;) {
    auto child = 2 * index + 1;
    if (child >= heap_.size())
      break;
    if (child + 1 < heap_.size() && goes_first(*heap_[child + 1], *heap_[child]))
      ++child;
    if (!goes_first(*heap_[child], *flow))
      break;
    place(index, heap_[child]);
    index = child;
  }
  place(index, flow);
}

void client_flows::push(task_entry& entry, bool in_front, const client_weights* weights) {
  auto& flow = flow_for(entry.record.client, weights);
  if (flow.tasks.front() == nullptr) {
    flow.tag = std::max(flow.tag, virtual_time_);
    flow.order = next_order_++;
    waiting_.push(flow);
    weight_ += flow.weight;
  }
  if (in_front) {
    flow.tasks.push_front(entry);
  } else {
    flow.tasks.push_back(entry);
    if (flow.first_fresh == nullptr)
      flow.first_fresh = &entry;
  }
  flow.backlog += entry.cost;
  backlog_ += entry.cost;
  ++size_;
}

client_flow& client_flows::flow_for(std::string_view client, const client_weights* weights) {
  if (const auto found = flows_.find(client); found != flows_.end()) {
    if (found->second.tasks.front() == nullptr)
      idle_.remove(found->second);
    return found->second;
  }
  const auto added = flows_.try_emplace(std::string{client}).first;
  added->second.client = added->first;
  added->second.weight = weights != nullptr ? weights->of(client) : 1.0;
  return added->second;
}

client_flow& client_flows::flow_of(const task_entry& entry) {
  const auto found = flows_.find(entry.record.client);
  LIBAGENT_EXPECTS(found != flows_.end());
  return found->second;
}

void client_flows::remove(task_entry& entry) {
  auto& flow = flow_of(entry);
  detach(flow, entry);
  if (flow.tasks.front() == nullptr)
    rest(flow);
}

void client_flows::take(task_entry& entry) {
  auto& flow = flow_of(entry);
  detach(flow, entry);
  // It may lie behind: virtual time skips when too many idle clients are remembered.
  virtual_time_ = std::max(virtual_time_, flow.tag);
  flow.tag += virtual_cost(entry, flow.weight);
  flow.order = next_order_++;
  waiting_.sink(flow);
  if (flow.tasks.front() == nullptr) {
    rest(flow);
  } else {
    forget_idle();
  }
}

void client_flows::detach(client_flow& flow, task_entry& entry) {
  if (flow.first_fresh == &entry)
    flow.first_fresh = entry.next;
  flow.tasks.remove(entry);
  flow.backlog -= entry.cost;
  backlog_ -= entry.cost;
  --size_;
}

void client_flows::rest(client_flow& flow) {
  waiting_.remove(flow);
  idle_.push(flow);
  weight_ -= flow.weight;
  forget_idle();
}

void client_flows::forget_idle() {
  if (size_ == 0) {
    forget_all();
    return;
  }
  while (!idle_.empty() && (idle_.top().tag <= virtual_time_ || idle_.size() > idle_max)) {
    auto& flow = idle_.top();
    virtual_time_ = std::max(virtual_time_, flow.tag);
    idle_.remove(flow);
    flows_.erase(flows_.find(flow.client));
  }
}

void client_flows::forget_all() {
  idle_.clear();
  flows_.clear();
  virtual_time_ = 0;
  weight_ = 0;  // Also ends what rounding has left over.
}

task_entry* client_flows::oldest() const {
  task_entry* oldest = nullptr;
  for (const auto* flow : waiting_.flows()) {
    auto* candidate = oldest_of(*flow);
    if (oldest == nullptr || candidate->since < oldest->since)
      oldest = candidate;
  }
  return oldest;
}

const client_flow* client_flows::find(std::string_view client) const {
  const auto found = flows_.find(client);
  return found == flows_.end() ? nullptr : &found->second;
}

}  // namespace libagent
