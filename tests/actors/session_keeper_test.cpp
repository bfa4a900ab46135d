#include "actors/session_keeper.hpp"

#include "libagent/telemetry/session_store_events.hpp"

#include "tests/support/actor_fixture.hpp"
#include "tests/support/fake_session_store.hpp"
#include "tests/support/session_store_conformance.hpp"

#include <catch2/catch.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

using namespace libagent;
using namespace std::chrono_literals;
using libagent::testing::actor_fixture;
using libagent::testing::events_of;
using libagent::testing::fake_session_store;
using libagent::testing::numbered_session;
using libagent::testing::pending_answer;
using libagent::testing::sessions_start;

namespace {

class keeper_fixture : public actor_fixture {
public:
  actors::session_keeper_actor start(std::size_t group_max = 256) {
    return spawn<actors::session_keeper_impl>(
        actors::session_keeper_options{.store = store,
                                       .retention = 1h,
                                       .prune_interval = 10min,
                                       .group_max = group_max,
                                       .unix_time = [this] { return wall; }});
  }

  static actors::session_commit commit_of(std::vector<session_write> writes) {
    return {std::make_shared<const std::vector<session_write>>(std::move(writes))};
  }

  pending_answer<void> begin_commit(const actors::session_keeper_actor& keeper,
                                    std::vector<session_write> writes) {
    return begin_ask<void>(keeper, actors::commit_atom_v, commit_of(std::move(writes)));
  }

  /// Begins so many sessions, from a number on, each with one message.
  std::vector<pending_answer<void>> begin_sessions(const actors::session_keeper_actor& keeper,
                                                   std::uint64_t first, std::uint64_t count) {
    std::vector<pending_answer<void>> answers;
    for (auto i = first; i < first + count; ++i)
      answers.push_back(begin_commit(keeper, {events_of(numbered_session(i), 0, {"{}"})}));
    return answers;
  }

  expected<stored_session> lookup(const actors::session_keeper_actor& keeper,
                                  std::uint64_t number) {
    return ask_expected<stored_session>(keeper, actors::lookup_atom_v, numbered_session(number));
  }

  std::shared_ptr<fake_session_store> store = std::make_shared<fake_session_store>();
  unix_millis wall = sessions_start;
};

}  // namespace

TEST_CASE_METHOD(keeper_fixture, "appends that wait together share one commit", "[sessions]") {
  const auto keeper = start();
  const auto answers = begin_sessions(keeper, 1, 40);
  run();
  for (const auto& answer : answers)
    CHECK(answer.get());
  CHECK(store->commits() == std::vector<std::size_t>{40});
}

TEST_CASE_METHOD(keeper_fixture, "a group is no larger than allowed", "[sessions]") {
  const auto keeper = start(16);
  const auto answers = begin_sessions(keeper, 1, 40);
  run();
  for (const auto& answer : answers)
    CHECK(answer.get());
  CHECK(store->commits() == std::vector<std::size_t>{16, 16, 8});
}

TEST_CASE_METHOD(keeper_fixture, "one append that is refused does not fail the others",
                 "[sessions]") {
  const auto keeper = start();
  const auto bad = GENERATE(range(0U, 9U));
  CAPTURE(bad);
  std::vector<pending_answer<void>> answers;
  for (std::uint64_t i = 0; i < 9; ++i) {
    answers.push_back(
        begin_commit(keeper, {events_of(numbered_session(i), i == bad ? 5 : 0, {"{}"})}));
  }
  run();
  for (std::uint64_t i = 0; i < 9; ++i) {
    const auto done = answers[i].get();
    CHECK(done.has_value() == (i != bad));
    if (!done)
      CHECK(done.error().code == errc::already_exists);
  }
  CHECK(store->stats().sessions == 8);
  // In halves, not one by one after the first attempt.
  CHECK(store->attempts() < 10);
}

TEST_CASE_METHOD(keeper_fixture, "the writes of one message are all stored or none", "[sessions]") {
  const auto keeper = start();
  const auto good = begin_commit(keeper, {events_of(numbered_session(1), 0, {"{}"})});
  const auto bad = begin_commit(keeper, {events_of(numbered_session(2), 0, {"{}"}),
                                         events_of(numbered_session(3), 9, {"{}"})});
  run();
  CHECK(good.get());
  CHECK(bad.get().error().code == errc::already_exists);
  CHECK(lookup(keeper, 1));
  CHECK(lookup(keeper, 2).error().code == errc::not_found);
}

TEST_CASE_METHOD(keeper_fixture, "a full disk is said to all who wait, and passes", "[sessions]") {
  const auto keeper = start();
  store->fail_all(error{errc::unavailable, "no space left"});
  for (const auto& answer : {begin_sessions(keeper, 1, 3), begin_sessions(keeper, 4, 2)}) {
    run();
    for (const auto& one : answer)
      CHECK(one.get().error() == error{errc::unavailable, "no space left"});
  }
  CHECK(lookup(keeper, 1).error().code == errc::unavailable);
  CHECK(events().events(libagent::events::session_store_failing).size() == 1);
  store->fail_all(std::nullopt);
  const auto again = begin_sessions(keeper, 1, 3);
  run();
  for (const auto& one : again)
    CHECK(one.get());
  CHECK(events().events(libagent::events::session_store_recovered).size() == 1);
}

TEST_CASE_METHOD(keeper_fixture, "a session is loaded with all that was sent before",
                 "[sessions]") {
  const auto seed = GENERATE(range(0U, 32U));
  CAPTURE(seed);
  const auto keeper = start();
  const auto others = begin_sessions(keeper, 10, 20);
  std::vector<pending_answer<void>> answers;
  pending_answer<stored_session> found;
  // One sender: its messages keep their order whatever the order of actors.
  adopt(system().spawn([&, keeper](caf::event_based_actor* self) {
    self->send(keeper, actors::commit_atom_v,
               commit_of({events_of(numbered_session(1), 0, {"a"})}));
    self->send(keeper, actors::commit_atom_v,
               commit_of({events_of(numbered_session(1), 1, {"b"})}));
    self->request(keeper, caf::infinite, actors::lookup_atom_v, numbered_session(1))
        .then([found](const stored_session& session) { found.set(session); },
              [found](const caf::error& err) { found.set(actors::from_caf_error(err)); });
  }));
  run_shuffled(seed);
  const auto session = found.get();
  REQUIRE(session);
  CHECK(session->events == std::vector<std::string>{"a", "b"});
  for (const auto& one : others)
    CHECK(one.get());
}

TEST_CASE_METHOD(keeper_fixture, "what is damaged is said, and what is not there", "[sessions]") {
  const auto keeper = start();
  const auto begun = begin_sessions(keeper, 1, 2);
  run();
  store->damage(numbered_session(1));
  CHECK(lookup(keeper, 1).error().code == errc::corrupt);
  CHECK(lookup(keeper, 2)->events.size() == 1);
  CHECK(lookup(keeper, 3).error().code == errc::not_found);
  const auto mixed = begin_commit(keeper, {events_of(numbered_session(1), 1, {"{}"})});
  const auto sound = begin_commit(keeper, {events_of(numbered_session(2), 1, {"{}"})});
  run();
  CHECK(mixed.get().error().code == errc::corrupt);
  CHECK(sound.get());
}

TEST_CASE_METHOD(keeper_fixture, "approvals and lists see what was sent before", "[sessions]") {
  const auto keeper = start();
  auto waits = events_of(numbered_session(1), 0, {"{}"});
  waits.approvals = {"a1"};
  const auto begun = begin_commit(keeper, {waits});
  const auto found = begin_ask<session_name>(keeper, actors::lookup_atom_v, std::string{"a1"});
  const auto listed =
      begin_ask<std::vector<session_head>>(keeper, actors::list_atom_v, session_query{});
  run();
  CHECK(begun.get());
  CHECK(found.get().value() == numbered_session(1));
  REQUIRE(listed.get()->size() == 1);
  CHECK(listed.get()->front().needs_approval);
  CHECK(ask_expected<session_name>(keeper, actors::lookup_atom_v, std::string{"a2"}).error().code ==
        errc::not_found);
  CHECK(ask<session_store_stats>(keeper, actors::status_atom_v).sessions == 1);
}

TEST_CASE_METHOD(keeper_fixture, "old sessions go some at a time, after a commit", "[sessions]") {
  const auto keeper = start();
  store->prune_slices_of(3);
  const auto begun = begin_sessions(keeper, 1, 10);
  run();
  wall = sessions_start + unix_millis{3'600'000} + 1;
  advance(10min - 1ns);
  auto fresh = events_of(numbered_session(20), 0, {"{}"});
  fresh.at = wall;
  const auto early = begin_commit(keeper, {fresh});
  run();
  CHECK(early.get());
  CHECK(store->stats().sessions == 11);  // it is not time yet
  advance(1ns);
  fresh.name = numbered_session(21);
  const auto late = begin_commit(keeper, {fresh});
  run();
  CHECK(late.get());
  CHECK(store->stats().sessions == 2);
}

TEST_CASE_METHOD(keeper_fixture, "upkeep that fails is reported and tried again later",
                 "[sessions]") {
  const auto keeper = start();
  const auto begun = begin_sessions(keeper, 1, 1);
  run();
  wall = sessions_start + unix_millis{3'600'000} + 1;
  advance(10min);
  store->fail_all(error{errc::unavailable, "locked"});
  const auto refused = begin_sessions(keeper, 2, 1);
  run();
  CHECK_FALSE(refused.front().get());
  CHECK(events().events(libagent::events::session_store_upkeep_failed).size() == 1);
  store->fail_all(std::nullopt);
  advance(10min);
  const auto later = begin_sessions(keeper, 3, 1);
  run();
  CHECK(later.front().get());
  CHECK(lookup(keeper, 1).error().code == errc::not_found);
}

TEST_CASE_METHOD(keeper_fixture, "what was spent is told with all that waits to be stored",
                 "[sessions]") {
  const auto keeper = start();
  const kept_spending row{.name = "ann", .day = 7, .spent = {.cost_micro = 5}};
  const auto stored = begin_commit(keeper, {keep_spending{{row}}});
  const auto known =
      begin_ask<actors::spending_of_day>(keeper, actors::lookup_atom_v, std::int64_t{7});
  run();
  CHECK(stored.get());
  CHECK(known.get()->rows == std::vector<kept_spending>{row});
}

TEST_CASE_METHOD(keeper_fixture, "an ordinary end stores what was sent before", "[sessions]") {
  const auto keeper = start();
  const kept_spending row{.name = "ann", .day = 7, .spent = {.cost_micro = 5}};
  caf::anon_send<caf::message_priority::high>(keeper, actors::commit_atom_v,
                                              commit_of({keep_spending{{row}}}));
  actors::urgent_exit(keeper, caf::exit_reason::user_shutdown);
  run();
  CHECK_FALSE(is_alive(keeper));
  CHECK(store->spending(7).value() == std::vector<kept_spending>{row});
}
