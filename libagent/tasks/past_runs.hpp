#pragma once

#include "libagent/base/task_id.hpp"
#include "libagent/tasks/dispatch_core.hpp"
#include "libagent/tasks/journal_write.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace libagent {

/// How an earlier process of this node went down.
struct past_crash {
  std::string signal;           ///< For example "SIGSEGV".
  std::optional<task_id> task;  ///< That ran on the thread which crashed; empty: none did.
  std::string target;
  std::string backtrace;
};

/// What is to be thought of a run that the journal holds, at the start of a process. Nothing is
/// thought of a task that did not run.
///
/// A crash report names the task that did it, and so clears the others. Without one (a kill, a loss
/// of power, no memory left) every task that ran may have done it: they are suspects, to be run in
/// a process apart; one that cannot be is held to have crashed, or it could do so for ever.
/// `incarnation`: of this process, whose own runs were lost with the dispatcher only.
[[nodiscard]] past_run judge_past_run(const stored_task& stored, std::uint64_t incarnation,
                                      const std::vector<past_crash>& crashes, bool can_run_apart);

}  // namespace libagent
