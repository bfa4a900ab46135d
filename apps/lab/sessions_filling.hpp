#pragma once

#include "libagent/base/random.hpp"
#include "libagent/ports/session_store.hpp"

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace libagent::lab {

/// The events of one turn, as texts; `turn` counts from 0.
using turn_texts =
    std::function<std::vector<std::string>(std::uint64_t turn, seeded_random& random)>;

/// A question, a tool call, its result and the answer: 260 bytes each in the mean.
[[nodiscard]] std::vector<std::string> plain_turn_texts(std::uint64_t turn, seeded_random& random);

/// Numbered from 0; a hundred of them belong to one client.
[[nodiscard]] session_name lab_session(std::uint64_t number);

/// When the sessions begin.
inline constexpr unix_millis lab_sessions_begin = 1'700'000'000'000;

struct filling {
  std::uint64_t sessions = 100'000;
  std::uint64_t turns = 5;  ///< Of each.
  std::uint64_t seed = 1;
  turn_texts texts = plain_turn_texts;
};

/// Appends turn after turn: each turn to all sessions in another order, as when people come and go,
/// so that the file looks like one that grew so. Throws `store_trouble`.
void fill_sessions(session_store& kept, const filling& what);

}  // namespace libagent::lab
