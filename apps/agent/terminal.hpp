#pragma once

#include "libagent/api/render.hpp"
#include "libagent/base/error.hpp"
#include "libagent/base/time.hpp"
#include "libagent/tasks/task.hpp"

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>

namespace libagent::app {

/// Colour for standard output: only on a terminal, and not when NO_COLOR is set (no-color.org).
[[nodiscard]] text_style stdout_style();

/// How many columns a line on standard output has; 100 where that is no terminal.
[[nodiscard]] std::size_t stdout_columns();

/// Prints "agent: text" to standard error.
void complain(std::string_view text);

/// Complains about a failure and returns the exit code that goes with it.
[[nodiscard]] int report_failure(const error& why);

/// Prints JSON to standard output: indented on a terminal, one line elsewhere.
void print_json(const std::string& text);

/// The wall clock.
[[nodiscard]] unix_millis unix_now();

/// Shows the progress of one long task on standard error: a bar that is redrawn in place on a
/// terminal, a line every few seconds elsewhere. Thread safety: none.
class progress_display {
public:
  progress_display();
  ~progress_display();
  progress_display(const progress_display&) = delete;
  progress_display& operator=(const progress_display&) = delete;

  void show(const task_progress& progress);
  /// Removes the bar, so that other output starts on a clean line.
  void clear();

private:
  bool on_terminal_;
  bool drawn_ = false;
  time_point last_shown_;
};

}  // namespace libagent::app
