#pragma once

#include "libagent/base/error.hpp"
#include "libagent/record/field.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>

namespace libagent {

/// Why a submit was refused; what an operator wants to know first.
enum class refusal_reason : std::uint8_t {
  invalid,       ///< No such target, or bad or too large arguments.
  queue_full,    ///< The lane holds as many tasks or bytes as it may.
  queue_wait,    ///< The interactive queue has been standing for too long.
  deadline,      ///< What waits already would make it miss its own deadline.
  client_share,  ///< This client alone has filled its part of the queue.
  memory,        ///< Memory is short, or it needs more than there ever is.
  draining,      ///< The node is shutting down.
  journal,       ///< It would have to be journalled, and that does not work now.
};

inline constexpr std::size_t refusal_reasons = 8;

template <>
struct enum_names<refusal_reason> {
  static constexpr std::array<std::pair<refusal_reason, std::string_view>, refusal_reasons> values{
      {{refusal_reason::invalid, "invalid"},
       {refusal_reason::queue_full, "queue_full"},
       {refusal_reason::queue_wait, "queue_wait"},
       {refusal_reason::deadline, "deadline"},
       {refusal_reason::client_share, "client_share"},
       {refusal_reason::memory, "memory"},
       {refusal_reason::draining, "draining"},
       {refusal_reason::journal, "journal"}}};
};

/// A submit that was not admitted: what is counted, and what the asker is told.
struct refusal {
  refusal_reason reason = refusal_reason::invalid;
  error why;
};

}  // namespace libagent
