#pragma once

#include "apps/agent/schedules_command.hpp"
#include "apps/agent/sessions_command.hpp"
#include "apps/agent/tasks_command.hpp"

#include <CLI/CLI.hpp>
#include <functional>

namespace libagent::app {

// Commands that have commands of their own. `into` is filled by parsing, and `chosen` called when
// one of them was given; both must outlive the parser.

void declare_tasks(CLI::App& app, tasks_command& into, const std::function<void()>& chosen);
void declare_schedules(CLI::App& app, schedules_command& into, const std::function<void()>& chosen);

/// Adds `agent sessions` and its verbs, in the same way.
void declare_sessions(CLI::App& app, sessions_command& into, const std::function<void()>& chosen);

/// Adds `agent approvals` and its verbs, in the same way.
void declare_approvals(CLI::App& app, approvals_command& into, const std::function<void()>& chosen);

}  // namespace libagent::app
