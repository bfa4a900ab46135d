#include "tests/support/actor_fixture.hpp"

#include <caf/event_based_actor.hpp>

#include <set>
#include <string>

using namespace libagent;
using namespace std::chrono_literals;
using libagent::testing::actor_fixture;

namespace {

/// Sets its own timer again every 100 ms, as the product's actors do.
caf::behavior ticking(caf::event_based_actor* self, std::shared_ptr<int> ticks) {
  self->delayed_send(self, 100ms, caf::tick_atom_v);
  return {[self, ticks](caf::tick_atom) {
    ++*ticks;
    self->delayed_send(self, 100ms, caf::tick_atom_v);
  }};
}

caf::behavior noting(caf::event_based_actor*, std::shared_ptr<std::string> notes, char mark) {
  return {[notes, mark](std::int32_t number) {
    notes->push_back(mark);
    notes->append(std::to_string(number));
  }};
}

caf::behavior slow(caf::event_based_actor* self) {
  return {[self](caf::get_atom) {
    auto promise = self->make_response_promise<std::int32_t>();
    self->run_delayed(1s, [promise]() mutable { promise.deliver(std::int32_t{42}); });
    return promise;
  }};
}

}  // namespace

TEST_CASE_METHOD(actor_fixture, "advance stops at every timer on its way", "[fixture]") {
  auto ticks = std::make_shared<int>(0);
  spawn(ticking, ticks);
  const auto start = now();
  advance(1s - 1ns);
  CHECK(*ticks == 9);
  advance(1ns);
  CHECK(*ticks == 10);
  CHECK(now() - start == 1s);
}

TEST_CASE_METHOD(actor_fixture, "an answer that takes time arrives with advance", "[fixture]") {
  const auto answer = begin_ask<std::int32_t>(spawn(slow), caf::get_atom_v);
  advance(999ms);
  CHECK_FALSE(answer.arrived());
  advance(1ms);
  CHECK(answer.get().value() == 42);
}

TEST_CASE_METHOD(actor_fixture, "shuffled runs show other orders but never break a sender's",
                 "[fixture]") {
  std::set<std::string> orders;
  for (std::uint64_t seed = 0; seed < 32; ++seed) {
    auto notes = std::make_shared<std::string>();
    const auto a = spawn(noting, notes, 'a');
    const auto b = spawn(noting, notes, 'b');
    for (std::int32_t number = 1; number <= 2; ++number) {
      caf::anon_send(a, number);
      caf::anon_send(b, number);
    }
    run_shuffled(seed);
    CAPTURE(seed, *notes);
    CHECK(notes->find("a1") < notes->find("a2"));
    CHECK(notes->find("b1") < notes->find("b2"));
    orders.insert(*notes);
  }
  CHECK(orders.size() == 6);  // all ways to mix two sequences of two
}
