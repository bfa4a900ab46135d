#include "libagent/adapters/running_task_mark.hpp"

#include <algorithm>
#include <atomic>
#include <csignal>
#include <cstring>
#include <sys/mman.h>

namespace libagent {

namespace {

struct thread_marks {
  std::array<marked_task, 4> tasks{};
  std::size_t depth = 0;
  bool has_signal_stack = false;
};

// A handler may read this, so it must be there without a call that allocates: constant
// initialization, no destructor, and a fixed place in the thread's static block.
[[gnu::tls_model("initial-exec")]] constinit thread_local thread_marks marks_here;

constinit std::atomic<bool> are_signal_stacks_wanted{false};

/// Untouched pages of it cost nothing. A backtrace took 11 KiB of it here.
class signal_stack {
public:
  static constexpr std::size_t bytes = std::size_t{64} << 10U;

  signal_stack() {
    void* const begin = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE,
                               MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
    if (begin == MAP_FAILED)
      return;
    const stack_t mine{.ss_sp = begin, .ss_flags = 0, .ss_size = bytes};
    if (::sigaltstack(&mine, nullptr) == 0) {
      begin_ = begin;
    } else {
      ::munmap(begin, bytes);
    }
  }

  signal_stack(const signal_stack&) = delete;
  signal_stack& operator=(const signal_stack&) = delete;

  ~signal_stack() {
    if (begin_ == nullptr)
      return;
    stack_t now{};
    // Somebody else's stack may have taken its place; that one stays.
    if (::sigaltstack(nullptr, &now) == 0 && now.ss_sp == begin_) {
      const stack_t none{.ss_sp = nullptr, .ss_flags = SS_DISABLE, .ss_size = 0};
      ::sigaltstack(&none, nullptr);
    }
    ::munmap(begin_, bytes);
  }

private:
  void* begin_ = nullptr;
};

}  // namespace

void begin_task_mark(const task_id& task, std::string_view target) noexcept {
  auto& marks = marks_here;
  if (!marks.has_signal_stack && are_signal_stacks_wanted.load(std::memory_order_relaxed)) {
    ensure_signal_stack();
  }
  if (marks.depth < marks.tasks.size()) {
    auto& mark = marks.tasks[marks.depth];
    mark.id = task.bytes;
    mark.target_bytes = std::min(target.size(), mark.target.size());
    std::memcpy(mark.target.data(), target.data(), mark.target_bytes);
  }
  // A handler on this thread sees the whole note or none of it.
  std::atomic_signal_fence(std::memory_order_seq_cst);
  ++marks.depth;
  std::atomic_signal_fence(std::memory_order_seq_cst);
}

void end_task_mark() noexcept {
  std::atomic_signal_fence(std::memory_order_seq_cst);
  if (marks_here.depth > 0)
    --marks_here.depth;
  std::atomic_signal_fence(std::memory_order_seq_cst);
}

const marked_task* current_task_mark() noexcept {
  const auto& marks = marks_here;
  if (marks.depth == 0)
    return nullptr;
  return &marks.tasks[std::min(marks.depth, marks.tasks.size()) - 1];
}

void ensure_signal_stack() noexcept {
  marks_here.has_signal_stack = true;
  stack_t present{};
  if (::sigaltstack(nullptr, &present) != 0 || (present.ss_flags & SS_DISABLE) == 0)
    return;
  thread_local const signal_stack stack_here;
}

void set_signal_stacks_wanted(bool wanted) noexcept {
  are_signal_stacks_wanted.store(wanted, std::memory_order_relaxed);
}

}  // namespace libagent
