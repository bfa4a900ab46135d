#pragma once

#include <caf/message_priority.hpp>

namespace libagent::actors {

/// The mailbox priority of control, of interactive submits and of answers: CAF's other one is for
/// everything that may wait.
inline constexpr auto urgent = caf::message_priority::high;

}  // namespace libagent::actors
