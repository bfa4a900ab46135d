#pragma once

#include "libagent/tools/tool_registry.hpp"

namespace libagent::lab {

/// `echo` returns its arguments; `obey` computes until it is stopped, `hang` for ever, and
/// `hang_deafly` also through SIGTERM.
[[nodiscard]] tool_registry processes_tools();

}  // namespace libagent::lab
