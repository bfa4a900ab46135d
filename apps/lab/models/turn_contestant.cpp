#include "apps/lab/models/turn_contestant.hpp"

#include "apps/lab/models/floor_turns.hpp"
#include "apps/lab/models/own_turns.hpp"
#include "apps/lab/models/stub_reply.hpp"

namespace libagent::lab {

namespace {

constexpr std::uint32_t turn_answer_tokens = 16;

}  // namespace

std::vector<turn_contestant_kind> turn_contestants() {
  return {{.name = "libagent", .start = start_own_turns},
          {.name = "floor", .start = start_floor_turns}};
}

std::string turn_tool_answer(const std::string& city) {
  return "It is mild and dry in " + city + ", with a light wind from the west.";
}

std::string turn_answer() {
  return stub_text(turn_answer_tokens);
}

}  // namespace libagent::lab
