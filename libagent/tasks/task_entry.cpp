#include "libagent/tasks/task_entry.hpp"

#include "libagent/base/contract.hpp"

namespace libagent {

void task_list::push_back(task_entry& entry) {
  entry.previous = back_;
  entry.next = nullptr;
  (back_ != nullptr ? back_->next : front_) = &entry;
  back_ = &entry;
  ++size_;
}

void task_list::push_front(task_entry& entry) {
  entry.previous = nullptr;
  entry.next = front_;
  (front_ != nullptr ? front_->previous : back_) = &entry;
  front_ = &entry;
  ++size_;
}

void task_list::remove(task_entry& entry) {
  LIBAGENT_EXPECTS(size_ > 0);
  (entry.previous != nullptr ? entry.previous->next : front_) = entry.next;
  (entry.next != nullptr ? entry.next->previous : back_) = entry.previous;
  entry.previous = nullptr;
  entry.next = nullptr;
  --size_;
}

void deadline_heap::push(task_entry& entry) {
  LIBAGENT_EXPECTS(entry.heap_index == task_entry::not_in_heap);
  heap_.push_back(&entry);
  entry.heap_index = heap_.size() - 1;
  sift_up(entry.heap_index);
}

void deadline_heap::remove(task_entry& entry) {
  const auto index = entry.heap_index;
  if (index == task_entry::not_in_heap)
    return;
  entry.heap_index = task_entry::not_in_heap;
  auto* last = heap_.back();
  heap_.pop_back();
  if (last == &entry)
    return;
  place(index, last);
  sift_up(index);
  sift_down(last->heap_index);
}

void deadline_heap::place(std::size_t index, task_entry* entry) {
  heap_[index] = entry;
  entry->heap_index = index;
}

void deadline_heap::sift_up(std::size_t index) {
  auto* moving = heap_[index];
  while (index > 0) {
    const auto parent = (index - 1) / 2;
    if (heap_[parent]->deadline <= moving->deadline)
      break;
    place(index, heap_[parent]);
    index = parent;
  }
  place(index, moving);
}

void deadline_heap::sift_down(std::size_t index) {
  auto* moving = heap_[index];
  for (;;) {
    auto child = 2 * index + 1;
    if (child >= heap_.size())
      break;
    if (child + 1 < heap_.size() && heap_[child + 1]->deadline < heap_[child]->deadline)
      ++child;
    if (moving->deadline <= heap_[child]->deadline)
      break;
    place(index, heap_[child]);
    index = child;
  }
  place(index, moving);
}

}  // namespace libagent
