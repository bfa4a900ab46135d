#include "libagent/nodes/forwarded_runs.hpp"

#include "libagent/base/random.hpp"

#include <catch2/catch.hpp>

#include <set>

using namespace libagent;
using namespace std::chrono_literals;

namespace {

const time_point start{1h};

task_id task_numbered(std::uint64_t number) {
  return make_task_id(1'700'000'000'000, number, number);
}

forwarded_run run_at(peer_number peer, std::uint64_t task, time_point deadline = start) {
  return {.id = task_numbered(task),
          .attempt = 1,
          .peer = peer,
          .target = "summarize",
          .deadline = deadline};
}

}  // namespace

TEST_CASE("a forwarded run is given out once, to the answer that fits it") {
  forwarded_runs runs{4};
  REQUIRE(runs.add(run_at(7, 1)));
  const auto id = task_numbered(1);
  CHECK_FALSE(runs.take({.id = id, .attempt = 1, .lease = 8})
                  .has_value());  // another peer, or the same one reborn
  CHECK_FALSE(runs.take({.id = id, .attempt = 2, .lease = 7}).has_value());  // another attempt
  CHECK_FALSE(runs.take({.id = task_numbered(2), .attempt = 1, .lease = 7}).has_value());
  const auto taken = runs.take({.id = id, .attempt = 1, .lease = 7});
  REQUIRE(taken);
  CHECK(taken->target == "summarize");
  CHECK_FALSE(runs.take({.id = id, .attempt = 1, .lease = 7}).has_value());
  CHECK(runs.size() == 0);
}

TEST_CASE("progress of a forwarded run is taken only from the peer and attempt that run it") {
  forwarded_runs runs{4};
  REQUIRE(runs.add(run_at(7, 1)));
  CHECK(runs.find({.id = task_numbered(1), .attempt = 1, .lease = 7}) != nullptr);
  CHECK(runs.find({.id = task_numbered(1), .attempt = 1, .lease = 8}) == nullptr);
  CHECK(runs.find({.id = task_numbered(1), .attempt = 2, .lease = 7}) == nullptr);
  CHECK(runs.find(task_numbered(1)) != nullptr);
  CHECK(runs.find(task_numbered(2)) == nullptr);
}

TEST_CASE("each peer is given a limited number of runs") {
  forwarded_runs runs{2};
  CHECK(runs.add(run_at(7, 1)).has_value());
  CHECK(runs.add(run_at(7, 2)).has_value());
  const auto refused = runs.add(run_at(7, 3));
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == errc::overloaded);
  CHECK(runs.add(run_at(8, 3)).has_value());
  CHECK(runs.take({.id = task_numbered(1), .attempt = 1, .lease = 7}).has_value());
  CHECK(runs.add(run_at(7, 4)).has_value());
}

TEST_CASE("a task is never out at two peers at once") {
  forwarded_runs runs{2};
  REQUIRE(runs.add(run_at(7, 1)));
  const auto refused = runs.add(run_at(8, 1));
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == errc::already_exists);
}

TEST_CASE("a lost peer gives back its own runs only") {
  forwarded_runs runs{4};
  REQUIRE(runs.add(run_at(7, 1)));
  REQUIRE(runs.add(run_at(8, 2)));
  REQUIRE(runs.add(run_at(7, 3)));
  CHECK(runs.take_all_of(7).size() == 2);
  CHECK(runs.take_all_of(7).empty());
  CHECK(runs.find(task_numbered(2)) != nullptr);
  CHECK(runs.take_all().size() == 1);
  CHECK(runs.size() == 0);
}

TEST_CASE("a forwarded run expires at its deadline, not before") {
  forwarded_runs runs{4};
  REQUIRE(runs.add(run_at(7, 1, start + 5s)));
  REQUIRE(runs.add(run_at(7, 2, start + 6s)));
  CHECK(runs.take_expired(start + 5s - 1ns).empty());
  CHECK(runs.take_expired(start + 5s).size() == 1);
  CHECK(runs.take_expired(start + 5s).empty());
  CHECK(runs.size() == 1);
}

TEST_CASE("whatever happens, each forwarded run comes back exactly once") {
  const auto seed = GENERATE(range(0U, 20U));
  CAPTURE(seed);
  seeded_random random{seed};
  forwarded_runs runs{8};
  std::multiset<task_id> added;
  std::multiset<task_id> returned;
  const auto note = [&](const auto& taken) {
    for (const auto& run : taken)
      returned.insert(run.id);
  };
  for (std::uint64_t step = 0; step < 2'000; ++step) {
    const auto peer = random() % 3;
    const auto now = start + std::chrono::milliseconds{step};
    switch (random() % 8) {
      case 0: note(runs.take_all_of(peer)); break;
      case 1: note(runs.take_expired(now)); break;
      case 2:
        if (const auto run = runs.take(
                {.id = task_numbered(random() % (step + 1)), .attempt = 1, .lease = peer}))
          returned.insert(run->id);
        break;
      default:
        if (runs.add(run_at(peer, step, now + std::chrono::milliseconds{random() % 200})))
          added.insert(task_numbered(step));
    }
    REQUIRE(added.size() == returned.size() + runs.size());
  }
  note(runs.take_all());
  CHECK(added == returned);
}
