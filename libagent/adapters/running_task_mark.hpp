#pragma once

#include "libagent/base/task_id.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace libagent {

/// Notes that the calling thread starts to run a task, so that a crash can be laid at its door.
///
/// Costs a copy into a buffer of the thread; nothing is allocated but, on a thread's first note
/// while a `crash_reporter` exists, a second stack for the handler. Notes nest: an inner task hides
/// the outer one until its end; of more than four, the inner ones are not told apart. `target` is
/// cut to 128 bytes. Thread safety: all; each thread has its own notes.
void begin_task_mark(const task_id& task, std::string_view target) noexcept;

/// Takes back the calling thread's last `begin_task_mark`; without one, nothing happens.
void end_task_mark() noexcept;

/// `begin_task_mark` and, at the end of its life, `end_task_mark`, on the same thread.
class running_task_mark {
public:
  running_task_mark(const task_id& task, std::string_view target) noexcept {
    begin_task_mark(task, target);
  }

  running_task_mark(const running_task_mark&) = delete;
  running_task_mark& operator=(const running_task_mark&) = delete;

  ~running_task_mark() { end_task_mark(); }
};

/// What a thread has noted, for the handler of its crash.
struct marked_task {
  static constexpr std::size_t target_bytes_max = 128;

  std::array<std::uint8_t, 16> id{};
  std::array<char, target_bytes_max> target{};
  std::size_t target_bytes = 0;
};

/// The innermost task of the calling thread; null when there is none. Async-signal-safe.
[[nodiscard]] const marked_task* current_task_mark() noexcept;

/// Gives the calling thread a stack for signal handlers, for the rest of its life, unless it has
/// one: a handler cannot run on a stack that overflowed.
void ensure_signal_stack() noexcept;

/// Whether `begin_task_mark` is to call `ensure_signal_stack`.
void set_signal_stacks_wanted(bool wanted) noexcept;

}  // namespace libagent
