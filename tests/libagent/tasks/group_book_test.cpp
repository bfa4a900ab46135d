#include "libagent/tasks/group_book.hpp"

#include "libagent/base/contract.hpp"
#include "libagent/base/random.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <string>
#include <vector>

using namespace libagent;

namespace {

task_id member(std::uint64_t number) {
  return make_task_id(1'700'000'000'000, 0, number);
}

const task_id group_parent = member(0);

child_outcome succeeded_child(std::uint64_t number, std::string result = "1") {
  return {.id = member(number), .target = "add", .result = raw_json{std::move(result)}};
}

child_outcome failed_child(std::uint64_t number, task_state state = task_state::failed,
                           error why = {errc::unavailable, "ask a model: no answer"}) {
  return {.id = member(number), .target = "ask", .state = state, .failure = std::move(why)};
}

/// A book in which `group_parent` waits for the children 1, 2 and 3.
group_book three_children(group_rule rule, raw_json saved = {}) {
  group_book book;
  REQUIRE(book.add(group_parent, {member(1), member(2), member(3)}, rule, std::move(saved)));
  return book;
}

group_step step_of(const std::optional<group_verdict>& verdict) {
  REQUIRE(verdict);
  CHECK(verdict->parent == group_parent);
  CHECK(verdict->outcome.has_value() == (verdict->step == group_step::resume));
  CHECK(verdict->why.has_value() == (verdict->step == group_step::fail));
  return verdict->step;
}

std::vector<task_state> states_of(const group_outcome& outcome) {
  std::vector<task_state> states;
  for (const auto& child : outcome.children) {
    states.push_back(child.state);
  }
  return states;
}

}  // namespace

TEST_CASE("a parent of all goes on with every result in the order of asking", "[tasks]") {
  auto book = three_children(group_rule::all, {R"({"page":7})"});
  CHECK(step_of(book.on_child_end(succeeded_child(3, "\"c\""))) == group_step::wait);
  CHECK(step_of(book.on_child_end(succeeded_child(1, "\"a\""))) == group_step::wait);
  CHECK(book.open_children(group_parent) == 1);
  const auto verdict = book.on_child_end(succeeded_child(2, "\"b\""));
  REQUIRE(step_of(verdict) == group_step::resume);
  CHECK(verdict->to_cancel.empty());
  CHECK(verdict->outcome->saved.text == R"({"page":7})");
  REQUIRE(verdict->outcome->children.size() == 3);
  CHECK(verdict->outcome->children[0].result->text == "\"a\"");
  CHECK(verdict->outcome->children[1].result->text == "\"b\"");
  CHECK(verdict->outcome->children[2].result->text == "\"c\"");
  CHECK(book.size() == 0);
}

TEST_CASE("a parent of all fails with the first child that does not succeed", "[tasks]") {
  const auto state =
      GENERATE(task_state::failed, task_state::cancelled, task_state::expired, task_state::dead);
  auto book = three_children(group_rule::all);
  CHECK(step_of(book.on_child_end(succeeded_child(1))) == group_step::wait);
  const auto verdict = book.on_child_end(failed_child(2, state));
  REQUIRE(step_of(verdict) == group_step::fail);
  CHECK(verdict->why->code == errc::tool_failed);
  CHECK(verdict->why->context ==
        "child 2 of 3, ask " + to_string(member(2)) + ": unavailable: ask a model: no answer");
  CHECK(verdict->to_cancel == std::vector{member(3)});
  CHECK_FALSE(book.on_child_end(succeeded_child(3)));
  CHECK(book.size() == 0);
}

TEST_CASE("a child that ended without a reason is told by its state", "[tasks]") {
  auto book = three_children(group_rule::all);
  const auto verdict =
      book.on_child_end({.id = member(1), .target = "add", .state = task_state::dead});
  REQUIRE(step_of(verdict) == group_step::fail);
  CHECK_THAT(verdict->why->context, Catch::EndsWith(": dead"));
}

TEST_CASE("a parent of any goes on with the first success and the others are cancelled",
          "[tasks]") {
  auto book = three_children(group_rule::any);
  CHECK(step_of(book.on_child_end(failed_child(1))) == group_step::wait);
  const auto verdict = book.on_child_end(succeeded_child(3));
  REQUIRE(step_of(verdict) == group_step::resume);
  CHECK(verdict->to_cancel == std::vector{member(2)});
  CHECK(states_of(*verdict->outcome) ==
        std::vector{task_state::failed, task_state::cancelled, task_state::succeeded});
  CHECK(verdict->outcome->children[1].id == member(2));
  CHECK(verdict->outcome->children[1].failure->code == errc::cancelled);
  CHECK_FALSE(book.on_child_end(succeeded_child(2)));
}

TEST_CASE("a parent of any fails when no child succeeded", "[tasks]") {
  auto book = three_children(group_rule::any);
  CHECK(step_of(book.on_child_end(failed_child(1))) == group_step::wait);
  CHECK(step_of(book.on_child_end(failed_child(3, task_state::expired))) == group_step::wait);
  const auto verdict = book.on_child_end(failed_child(2, task_state::dead));
  REQUIRE(step_of(verdict) == group_step::fail);
  CHECK(verdict->to_cancel.empty());
  CHECK_THAT(verdict->why->context, Catch::StartsWith("no child succeeded; the last was child 2"));
}

TEST_CASE("a parent of settled goes on when all have ended, however", "[tasks]") {
  auto book = three_children(group_rule::settled);
  CHECK(step_of(book.on_child_end(failed_child(1, task_state::dead))) == group_step::wait);
  CHECK(step_of(book.on_child_end(succeeded_child(2))) == group_step::wait);
  const auto verdict = book.on_child_end(failed_child(3, task_state::cancelled));
  REQUIRE(step_of(verdict) == group_step::resume);
  CHECK(states_of(*verdict->outcome) ==
        std::vector{task_state::dead, task_state::succeeded, task_state::cancelled});
}

TEST_CASE("a child that ends twice, or that nobody waits for, changes nothing", "[tasks]") {
  auto book = three_children(group_rule::settled);
  CHECK(step_of(book.on_child_end(succeeded_child(1))) == group_step::wait);
  CHECK_FALSE(book.on_child_end(succeeded_child(1)));
  CHECK_FALSE(book.on_child_end(succeeded_child(9)));
  CHECK(book.open_children(group_parent) == 2);
}

TEST_CASE("a parent that ends gives back the children that are still open", "[tasks]") {
  auto book = three_children(group_rule::all);
  CHECK(step_of(book.on_child_end(succeeded_child(2))) == group_step::wait);
  CHECK(book.cancel(group_parent) == std::vector{member(1), member(3)});
  CHECK(book.cancel(group_parent).empty());
  CHECK_FALSE(book.on_child_end(succeeded_child(1)));
  CHECK(book.open_children(group_parent) == 0);
}

TEST_CASE("a parent may wait again for other children", "[tasks]") {
  auto book = three_children(group_rule::any);
  CHECK(step_of(book.on_child_end(succeeded_child(1))) == group_step::resume);
  CHECK(book.add(group_parent, {member(4)}, group_rule::all, {}));
  CHECK(step_of(book.on_child_end(succeeded_child(4))) == group_step::resume);
}

TEST_CASE("a group has from one to a thousand children", "[tasks]") {
  CHECK_FALSE(group_book::check(0, {}));
  CHECK(group_book::check(1, {}));
  CHECK(group_book::check(1'000, {}));
  const auto refused = group_book::check(1'001, {});
  REQUIRE_FALSE(refused);
  CHECK(to_string(refused.error()) ==
        "invalid_argument: wait for children: 1001 were asked for, allowed is 1 to 1000");
}

TEST_CASE("what a parent saves must be JSON, and not too much of it", "[tasks]") {
  CHECK(group_book::check(1, {R"([1,"a"])"}));
  CHECK(group_book::check(1, {"{oops"}).error().code == errc::invalid_argument);
  CHECK_THAT(group_book::check(1, {"{oops"}).error().context, Catch::Contains("saved: "));
  const auto limit = group_book::saved_max.bytes;
  CHECK(group_book::check(1, {std::string(limit - 1, ' ') + "1"}));
  CHECK(group_book::check(1, {std::string(limit, ' ') + "1"}).error().code == errc::too_large);
}

TEST_CASE("children that return more than a parent can be handed make it fail", "[tasks]") {
  auto book = three_children(group_rule::settled);
  const auto half = group_book::results_max.bytes / 2;
  CHECK(step_of(book.on_child_end(succeeded_child(1, std::string(half, '1')))) == group_step::wait);
  CHECK(step_of(book.on_child_end(succeeded_child(2, std::string(half, '1')))) == group_step::wait);
  const auto verdict = book.on_child_end(succeeded_child(3));
  REQUIRE(step_of(verdict) == group_step::fail);
  CHECK(verdict->why->code == errc::too_large);
  CHECK_THAT(verdict->why->context, Catch::StartsWith("child 3 of 3, add ") &&
                                        Catch::Contains("16777217 bytes, the limit is 16MiB"));
}

TEST_CASE("a group comes back from a journal and goes on", "[tasks]") {
  const auto saved =
      GENERATE("", "null", R"( {"page": 7, "deep":[[1.50,"ä\n"]], "big": 123456789012345678901} )");
  auto before = three_children(group_rule::any, {saved});
  CHECK(step_of(before.on_child_end(failed_child(1))) == group_step::wait);
  const auto text = before.stored_text(group_parent);
  group_book after;
  REQUIRE(after.restore(group_parent, text));
  CHECK(after.stored_text(group_parent) == text);
  CHECK(after.children_of(group_parent) == std::vector{member(1), member(2), member(3)});
  CHECK(step_of(after.on_child_end(failed_child(1))) == group_step::wait);
  const auto verdict = after.on_child_end(succeeded_child(2));
  REQUIRE(step_of(verdict) == group_step::resume);
  CHECK(verdict->outcome->saved.text == saved);
  CHECK(after.stored_text(group_parent).empty());
}

TEST_CASE("the largest group that is taken comes back from a journal", "[tasks]") {
  std::vector<task_id> children;
  for (std::uint64_t i = 1; i <= group_book::children_max; ++i) {
    children.push_back(member(i));
  }
  std::string saved = "[";  // All quotes, which take two bytes each where they are stored.
  while (saved.size() + 4 < group_book::saved_max.bytes) {
    saved += "\"\",";
  }
  saved += "1]";
  group_book before;
  REQUIRE(before.add(group_parent, children, group_rule::all, {saved}));
  group_book after;
  REQUIRE(after.restore(group_parent, before.stored_text(group_parent)));
  CHECK(after.stored_text(group_parent) == before.stored_text(group_parent));
}

TEST_CASE("a damaged group of a journal is refused and leaves nothing behind", "[tasks]") {
  const auto one = '"' + to_string(member(1)) + '"';
  const auto text = GENERATE_COPY(std::string{"{"}, std::string{R"({"children":[],"rule":"all"})"},
                                  R"({"children":[)" + one + R"(],"rule":"some"})",
                                  R"({"children":[)" + one + ',' + one + R"(],"rule":"all"})",
                                  std::string{R"({"rule":"all"})"});
  CAPTURE(text);
  group_book book;
  const auto refused = book.restore(group_parent, text);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == errc::corrupt);
  CHECK_THAT(refused.error().context, Catch::Contains(to_string(group_parent)));
  CHECK(book.size() == 0);
  CHECK_FALSE(book.on_child_end(succeeded_child(1)));
  CHECK(book.restore(group_parent, ""));
  CHECK(book.size() == 0);
}

TEST_CASE("nobody waits for the same child twice", "[tasks]") {
  auto book = three_children(group_rule::all);
  CHECK_THROWS_AS(book.add(group_parent, {member(4)}, group_rule::all, {}), contract_violation);
  CHECK_THROWS_AS(book.add(member(8), {member(3)}, group_rule::all, {}), contract_violation);
  CHECK_THROWS_AS(book.add(member(8), {member(5), member(5)}, group_rule::all, {}),
                  contract_violation);
}

TEST_CASE("a group of any size ends exactly once, as its rule says", "[tasks]") {
  const auto seed = GENERATE(range(0U, 300U));
  CAPTURE(seed);
  seeded_random random{seed};
  const auto rule = static_cast<group_rule>(random() % 3);
  const auto count = 1 + random() % 12;
  std::vector<task_id> ids;
  std::vector<child_outcome> ends;
  for (std::uint64_t i = 1; i <= count; ++i) {
    ids.push_back(member(i));
    ends.push_back(random() % 3 == 0 ? failed_child(i) : succeeded_child(i));
  }
  std::shuffle(ends.begin(), ends.end(), random);
  group_book book;
  REQUIRE(book.add(group_parent, ids, rule, {}));
  std::size_t good = 0;
  bool is_over = false;
  for (std::size_t i = 0; i < ends.size(); ++i) {
    const auto verdict = book.on_child_end(ends[i]);
    REQUIRE(verdict.has_value() == !is_over);
    if (is_over)
      continue;
    if (ends[i].state == task_state::succeeded)
      ++good;
    const auto is_last = i + 1 == ends.size();
    auto wanted = is_last ? group_step::resume : group_step::wait;
    if (rule == group_rule::all && good <= i)
      wanted = group_step::fail;
    if (rule == group_rule::any && good == 1)
      wanted = group_step::resume;
    if (rule == group_rule::any && good == 0 && is_last)
      wanted = group_step::fail;
    REQUIRE(step_of(verdict) == wanted);
    is_over = wanted != group_step::wait;
    CHECK(verdict->to_cancel.size() == (is_over ? ends.size() - i - 1 : 0));
  }
  CHECK(is_over);
  CHECK(book.size() == 0);
}
