#include "actors/bridge/directory.hpp"

#include "tests/support/actor_fixture.hpp"

#include <caf/typed_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

using namespace libagent;
using libagent::testing::actor_fixture;

namespace {

using numbered_actor = caf::typed_actor<caf::result<std::int32_t>(caf::get_atom)>;

numbered_actor::behavior_type numbered(std::int32_t number) {
  return {[number](caf::get_atom) { return number; }};
}

}  // namespace

TEST_CASE_METHOD(actor_fixture, "a path leads to the actor published last", "[bridge]") {
  const auto first = spawn(numbered, 1);
  const auto second = spawn(numbered, 2);
  actors::publish(system(), "tasks/dispatcher", caf::actor_cast<caf::strong_actor_ptr>(first));
  CHECK(actors::find<numbered_actor>(system(), "tasks/dispatcher") == first);
  actors::publish(system(), "tasks/dispatcher", caf::actor_cast<caf::strong_actor_ptr>(second));
  CHECK(ask<std::int32_t>(actors::find<numbered_actor>(system(), "tasks/dispatcher"),
                          caf::get_atom_v) == 2);
}

TEST_CASE_METHOD(actor_fixture, "a path without an actor gives a null handle", "[bridge]") {
  CHECK_FALSE(actors::find<numbered_actor>(system(), "cache"));
  actors::publish(system(), "cache", caf::actor_cast<caf::strong_actor_ptr>(spawn(numbered, 1)));
  actors::retract(system(), "cache");
  actors::retract(system(), "cache");
  CHECK_FALSE(actors::find<numbered_actor>(system(), "cache"));
}
