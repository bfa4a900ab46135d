#pragma once

#include "libagent/adapters/database_schema.hpp"

#include <cstdint>

namespace libagent {

/// The tables of a session store.
[[nodiscard]] database_schema session_schema();

/// The events of session number N have the rows from `N << session_event_bits` on, so that they lie
/// together and one session is read from few pages.
inline constexpr int session_event_bits = 20;

/// So many events a session can have.
inline constexpr std::uint64_t session_events_max = std::uint64_t{1} << session_event_bits;

}  // namespace libagent
