#include "libagent/nodes/visiting_runs.hpp"

#include <catch2/catch.hpp>

using namespace libagent;

namespace {

task_id id_of(std::uint64_t number) {
  return make_task_id(1'700'000'000'000, number, number);
}

const task_id far_id = id_of(1);
const task_id local_id = id_of(2);

}  // namespace

TEST_CASE("a visiting run is remembered with its peer's id until it is finished, once") {
  visiting_runs runs{4};
  const auto visit = runs.admit(7, far_id, 3);
  REQUIRE(visit);
  CHECK_FALSE(runs.accept(*visit, local_id).has_value());
  REQUIRE(runs.find(*visit) != nullptr);
  const auto finished = runs.finish(*visit);
  REQUIRE(finished);
  CHECK(finished->peer == 7);
  CHECK(finished->id == far_id);
  CHECK(finished->attempt == 3);
  CHECK(finished->local == local_id);
  CHECK_FALSE(runs.finish(*visit).has_value());
  CHECK(runs.find(*visit) == nullptr);
}

TEST_CASE("a cancelled visiting run names the local task to cancel") {
  visiting_runs runs{4};
  const auto visit = runs.admit(7, far_id, 3);
  REQUIRE(visit);
  CHECK_FALSE(runs.accept(*visit, local_id).has_value());
  CHECK_FALSE(runs.cancel(8, far_id, 3, "not this peer's").has_value());
  CHECK_FALSE(runs.cancel(7, far_id, 2, "not this attempt").has_value());
  CHECK(runs.cancel(7, far_id, 3, "the user left") == local_id);
}

TEST_CASE("a cancel that comes before the local id is known takes effect with it") {
  visiting_runs runs{4};
  const auto visit = runs.admit(7, far_id, 3);
  REQUIRE(visit);
  CHECK_FALSE(runs.cancel(7, far_id, 3, "the user left").has_value());
  CHECK(runs.accept(*visit, local_id) == "the user left");
  CHECK_FALSE(runs.accept(*visit, id_of(9)).has_value());
  CHECK(runs.find(*visit)->local == local_id);
}

TEST_CASE("all runs of a lost peer are cancelled, the ones without a local id later") {
  visiting_runs runs{4};
  const auto known = runs.admit(7, id_of(1), 1);
  const auto unknown = runs.admit(7, id_of(2), 1);
  const auto other = runs.admit(8, id_of(3), 1);
  REQUIRE((known && unknown && other));
  CHECK_FALSE(runs.accept(*known, id_of(11)).has_value());
  CHECK_FALSE(runs.accept(*other, id_of(13)).has_value());
  CHECK(runs.cancel_all_of(7, "node lost") == std::vector{id_of(11)});
  CHECK(runs.accept(*unknown, id_of(12)) == "node lost");
  CHECK_FALSE(runs.find(*other)->cancel_reason.has_value());
}

TEST_CASE("a peer has a limited number of runs here, and each task once") {
  visiting_runs runs{2};
  const auto first = runs.admit(7, id_of(1), 1);
  REQUIRE(first);
  const auto again = runs.admit(7, id_of(1), 2);
  REQUIRE_FALSE(again);
  CHECK(again.error().code == errc::already_exists);
  CHECK(runs.admit(7, id_of(2), 1).has_value());
  const auto third = runs.admit(7, id_of(3), 1);
  REQUIRE_FALSE(third);
  CHECK(third.error().code == errc::overloaded);
  CHECK(runs.admit(8, id_of(1), 1).has_value());
  CHECK(runs.finish(*first).has_value());
  CHECK(runs.admit(7, id_of(3), 1).has_value());
}
