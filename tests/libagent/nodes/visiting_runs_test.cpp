#include "libagent/nodes/visiting_runs.hpp"

#include <catch2/catch.hpp>

using namespace libagent;

namespace {

task_id id_of(std::uint64_t number) {
  return make_task_id(1'700'000'000'000, number, number);
}

run_token token_of(const task_id& id, std::uint32_t attempt, peer_number lease = 70) {
  return {.id = id, .attempt = attempt, .lease = lease};
}

const task_id far_id = id_of(1);
const task_id local_id = id_of(2);

}  // namespace

TEST_CASE("a visiting run is remembered with its peer's id until it is finished, once") {
  visiting_runs runs{4};
  const auto visit = runs.admit(7, token_of(far_id, 3));
  REQUIRE(visit);
  CHECK_FALSE(runs.accept(*visit, local_id).has_value());
  REQUIRE(runs.find(*visit) != nullptr);
  const auto finished = runs.finish(*visit);
  REQUIRE(finished);
  CHECK(finished->peer == 7);
  CHECK(finished->token == token_of(far_id, 3));
  CHECK(finished->local == local_id);
  CHECK_FALSE(runs.finish(*visit).has_value());
  CHECK(runs.find(*visit) == nullptr);
}

TEST_CASE("a cancelled visiting run names the local task to cancel") {
  visiting_runs runs{4};
  const auto visit = runs.admit(7, token_of(far_id, 3));
  REQUIRE(visit);
  CHECK_FALSE(runs.accept(*visit, local_id).has_value());
  CHECK_FALSE(runs.cancel(8, token_of(far_id, 3), "not this peer's").has_value());
  CHECK_FALSE(runs.cancel(7, token_of(far_id, 2), "not this attempt").has_value());
  CHECK_FALSE(runs.cancel(7, token_of(far_id, 3, 71), "not this lease").has_value());
  CHECK(runs.cancel(7, token_of(far_id, 3), "the user left") == local_id);
}

TEST_CASE("a cancel that comes before the local id is known takes effect with it") {
  visiting_runs runs{4};
  const auto visit = runs.admit(7, token_of(far_id, 3));
  REQUIRE(visit);
  CHECK_FALSE(runs.cancel(7, token_of(far_id, 3), "the user left").has_value());
  CHECK(runs.accept(*visit, local_id) == "the user left");
  CHECK_FALSE(runs.accept(*visit, id_of(9)).has_value());
  CHECK(runs.find(*visit)->local == local_id);
}

TEST_CASE("all runs of a lost peer are cancelled, the ones without a local id later") {
  visiting_runs runs{4};
  const auto known = runs.admit(7, token_of(id_of(1), 1));
  const auto unknown = runs.admit(7, token_of(id_of(2), 1));
  const auto other = runs.admit(8, token_of(id_of(3), 1));
  REQUIRE((known && unknown && other));
  CHECK_FALSE(runs.accept(*known, id_of(11)).has_value());
  CHECK_FALSE(runs.accept(*other, id_of(13)).has_value());
  CHECK(runs.cancel_all_of(7, "node lost") == std::vector{id_of(11)});
  CHECK(runs.accept(*unknown, id_of(12)) == "node lost");
  CHECK_FALSE(runs.find(*other)->cancel_reason.has_value());
}

TEST_CASE("a peer has a limited number of runs here, and each task once") {
  visiting_runs runs{2};
  const auto first = runs.admit(7, token_of(id_of(1), 1));
  REQUIRE(first);
  const auto again = runs.admit(7, token_of(id_of(1), 2));
  REQUIRE_FALSE(again);
  CHECK(again.error().code == errc::already_exists);
  CHECK(runs.admit(7, token_of(id_of(2), 1)).has_value());
  const auto third = runs.admit(7, token_of(id_of(3), 1));
  REQUIRE_FALSE(third);
  CHECK(third.error().code == errc::overloaded);
  CHECK(runs.admit(8, token_of(id_of(1), 1)).has_value());
  CHECK(runs.finish(*first).has_value());
  CHECK(runs.admit(7, token_of(id_of(3), 1)).has_value());
}

TEST_CASE("a new lease of a peer ends its runs under the others, and the same task may run again") {
  visiting_runs runs{4};
  const auto before = runs.admit(7, token_of(far_id, 1, 70));
  const auto other = runs.admit(8, token_of(far_id, 1, 70));
  REQUIRE((before && other));
  CHECK_FALSE(runs.accept(*before, id_of(11)).has_value());
  CHECK_FALSE(runs.accept(*other, id_of(12)).has_value());
  CHECK(runs.lease_from(7) == 70);
  CHECK(runs.cancel_other_leases(7, 71, "given up") == std::vector{id_of(11)});
  CHECK(runs.lease_from(7) == 0);
  CHECK(runs.admit(7, token_of(far_id, 2, 71)).has_value());
  CHECK(runs.lease_from(7) == 71);
  CHECK_FALSE(runs.find(*other)->cancel_reason.has_value());
}

TEST_CASE("the end of a lease ends the runs under it and no others") {
  visiting_runs runs{4};
  const auto first = runs.admit(7, token_of(id_of(1), 1, 70));
  const auto second = runs.admit(7, token_of(id_of(2), 1, 71));
  REQUIRE((first && second));
  CHECK_FALSE(runs.accept(*first, id_of(11)).has_value());
  CHECK_FALSE(runs.accept(*second, id_of(12)).has_value());
  CHECK(runs.cancel_lease(7, 72, "given up").empty());
  CHECK(runs.cancel_lease(8, 70, "given up").empty());
  CHECK(runs.cancel_lease(7, 70, "given up") == std::vector{id_of(11)});
  CHECK(runs.lease_from(7) == 71);
}
