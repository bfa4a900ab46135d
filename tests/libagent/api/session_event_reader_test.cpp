#include "libagent/api/session_event_reader.hpp"

#include "libagent/api/session_events.hpp"

#include <catch2/catch.hpp>

using namespace libagent;
using namespace std::chrono_literals;

namespace {

template <class Update>
Update there_and_back(const Update& update) {
  const auto read = read_update_event(update_event(update));
  REQUIRE(read);
  REQUIRE(*read);
  REQUIRE(std::holds_alternative<Update>(**read));
  return std::get<Update>(**read);
}

}  // namespace

TEST_CASE("what a session's client is told of a turn is read back as it was", "[api]") {
  const tool_call call{.id = "c1", .name = "calculate", .arguments = "{}"};
  CHECK(there_and_back(turn_text{"a\nb"}).text == "a\nb");
  CHECK(there_and_back(turn_reasoning{"hm"}).text == "hm");
  CHECK(there_and_back(turn_step_ended{3}).step == 3);
  CHECK(there_and_back(turn_tool_began{call}).call == call);
  CHECK(there_and_back(turn_handed_over{"lawyer"}).agent == "lawyer");
  const auto ended = there_and_back(
      turn_tool_ended{.call = call, .succeeded = false, .output = "no", .took = 12ms});
  CHECK(ended.call == call);
  CHECK_FALSE(ended.succeeded);
  CHECK(ended.output == "no");
  CHECK(ended.took == 12ms);
}

TEST_CASE("events of a turn that a client has no use for are passed over", "[api]") {
  for (const auto* kind : {"end", "call", "from_the_future", ""}) {
    const auto read = read_update_event({.event = kind, .data = "{}"});
    REQUIRE(read);
    CHECK_FALSE(*read);
  }
  CHECK_FALSE(read_update_event({.event = "text", .data = "{"}));
}
