#pragma once

#include "libagent/ports/journal.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace libagent::testing {

/// Opens the journal under test; each time but the first what it keeps is there already. The one
/// before must be gone by then.
using journal_opener = std::function<journal_ptr()>;

constexpr unix_millis journal_start = 1'700'000'000'000;
constexpr unix_millis day_ms = 24LL * 3'600 * 1'000;

inline task_id numbered_task(std::uint64_t number) {
  return make_task_id(journal_start + static_cast<unix_millis>(number), number, ~number);
}

inline journal_task task_to_keep(std::uint64_t number, std::string body = R"({"n":1})") {
  return {.id = numbered_task(number),
          .target = "echo",
          .arguments = std::make_shared<const std::string>(std::move(body)),
          .task_lane = lane::batch,
          .task_effects = effects::once,
          .timeout = std::chrono::milliseconds{1'234},
          .accepted_at = journal_start + static_cast<unix_millis>(number),
          .deadline = journal_start + 60'000,
          .level = criticality::sheddable_plus,
          .client = "someone",
          .trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"};
}

inline journal_state ended_state(task_state state, unix_millis at = journal_start) {
  journal_state now{.state = state, .attempt = 1, .started_at = at - 5, .ended_at = at};
  if (state == task_state::succeeded) {
    now.result = raw_json{R"({"sum":3})"};
  } else {
    now.failure = error{errc::tool_failed, "run echo: it fell over"};
  }
  return now;
}

/// A state in which no member is what it is by itself.
inline journal_state full_state() {
  return {.state = task_state::queued,
          .attempt = 3,
          .failures = 2,
          .crashes = 1,
          .owner = 0xFEDCBA9876543210U,
          .started_at = journal_start + 1,
          .ended_at = std::nullopt,
          .not_before = journal_start + 500,
          .note = "waits",
          .node = "other",
          .cache = cache_use{"miss", std::chrono::milliseconds{7}},
          .failure = error{errc::unavailable, "ask: no answer", std::chrono::milliseconds{250}},
          .result = raw_json{"[1,2,3]"}};
}

inline bool is_same_task(const journal_task& a, const journal_task& b) {
  return a.id == b.id && a.target == b.target && *a.arguments == *b.arguments &&
         a.task_lane == b.task_lane && a.task_effects == b.task_effects && a.timeout == b.timeout &&
         a.accepted_at == b.accepted_at && a.deadline == b.deadline && a.level == b.level &&
         a.client == b.client && a.key == b.key && a.fingerprint == b.fingerprint &&
         a.parent == b.parent && a.trace == b.trace;
}

inline bool is_same(const stored_task& a, const stored_task& b) {
  return is_same_task(a.task, b.task) && a.now == b.now && a.group == b.group;
}

inline void must_commit(journal& kept, const std::vector<journal_write>& writes) {
  const auto done = kept.commit(writes);
  INFO((done ? std::string{} : to_string(done.error())));
  REQUIRE(done);
}

inline journal_contents must_load(journal& kept) {
  auto found = kept.load();
  INFO((found ? std::string{} : to_string(found.error())));
  REQUIRE(found);
  return std::move(*found);
}

inline std::optional<stored_task> must_find(journal& kept, const task_id& id) {
  auto found = kept.find(id);
  INFO((found ? std::string{} : to_string(found.error())));
  REQUIRE(found);
  return std::move(*found);
}

inline std::vector<task_id> ids_of(const std::vector<stored_task>& tasks) {
  std::vector<task_id> ids;
  ids.reserve(tasks.size());
  for (const auto& kept : tasks)
    ids.push_back(kept.task.id);
  return ids;
}

inline std::vector<task_id> numbered_tasks(const std::vector<std::uint64_t>& numbers) {
  std::vector<task_id> ids;
  ids.reserve(numbers.size());
  for (const auto number : numbers)
    ids.push_back(numbered_task(number));
  return ids;
}

inline std::size_t prune_all(journal& kept, unix_millis now) {
  std::size_t sum = 0;
  for (;;) {
    const auto removed = kept.prune(now);
    REQUIRE(removed);
    if (*removed == 0)
      return sum;
    sum += *removed;
  }
}

// What every journal does. Each is called with an empty one.

inline void keeps_what_was_accepted(const journal_opener& open) {
  auto kept = open();
  auto task = task_to_keep(1);
  task.key = "k";
  task.fingerprint = 0xFFFFFFFFFFFFFFFFU;
  task.parent = numbered_task(77);
  must_commit(*kept, {write_accepted{task}});
  must_commit(*kept, {write_accepted{task_to_keep(2, "")}, write_accepted{task_to_keep(3)}});
  must_commit(*kept, {write_state{task.id, full_state()}, write_group{task.id, R"({"of":[2]})"}});
  kept.reset();
  kept = open();
  const auto found = must_load(*kept);
  CHECK(found.damage.empty());
  REQUIRE(ids_of(found.tasks) == numbered_tasks({1, 2, 3}));
  CHECK(is_same(found.tasks[0], {task, full_state(), R"({"of":[2]})"}));
  CHECK(is_same(found.tasks[1], {task_to_keep(2, ""), {}, {}}));
  CHECK(is_same(must_find(*kept, task.id).value(), found.tasks[0]));
  CHECK_FALSE(must_find(*kept, numbered_task(9)));
  CHECK(kept->stats().tasks == 3);
}

inline void passes_over_what_it_has_accepted(const journal_opener& open) {
  auto kept = open();
  must_commit(*kept, {write_accepted{task_to_keep(1)}});
  must_commit(*kept, {write_accepted{task_to_keep(2)}, write_accepted{task_to_keep(1, "other")},
                      write_state{numbered_task(2), full_state()}});
  kept.reset();
  kept = open();
  const auto found = must_load(*kept);
  CHECK(kept->stats().tasks == 2);
  CHECK(is_same(must_find(*kept, numbered_task(1)).value(), {task_to_keep(1), {}, {}}));
  CHECK(is_same(must_find(*kept, numbered_task(2)).value(), {task_to_keep(2), full_state(), {}}));
  CHECK(found.damage.empty());
}

inline void passes_over_what_is_not_there(const journal_opener& open) {
  auto kept = open();
  const auto nobody = numbered_task(5);
  must_commit(*kept, {write_state{nobody, full_state()}, write_group{nobody, "{}"},
                      write_schedule_removed{nobody}, write_purged{nobody},
                      write_accepted{task_to_keep(1)}, write_purged{numbered_task(1)}});
  CHECK(must_find(*kept, numbered_task(1)));  // it has not ended
  CHECK_FALSE(must_find(*kept, nobody));
  must_commit(*kept, {write_state{numbered_task(1), ended_state(task_state::failed)},
                      write_purged{numbered_task(1)}});
  CHECK_FALSE(must_find(*kept, numbered_task(1)));
  CHECK(kept->stats().tasks == 0);
}

inline void replaces_states_and_results(const journal_opener& open) {
  auto kept = open();
  must_commit(*kept, {write_accepted{task_to_keep(1)}});
  auto state = ended_state(task_state::succeeded);
  for (const auto* result : {"1", "1", "\"longer than before\""}) {
    state.result = raw_json{result};
    state.note += "again ";
    must_commit(*kept, {write_state{numbered_task(1), state}});
    CHECK(must_find(*kept, numbered_task(1))->now == state);
  }
  state.result.reset();
  must_commit(*kept, {write_state{numbered_task(1), state}});
  CHECK(must_find(*kept, numbered_task(1))->now == state);
  must_commit(*kept, {write_state{numbered_task(1), {}}});  // tried again
  CHECK(ids_of(must_load(*kept).tasks) == numbered_tasks({1}));
}

inline void loads_what_has_not_ended(const journal_opener& open) {
  auto kept = open();
  std::vector<journal_write> writes;
  for (std::uint64_t i = 1; i <= 6; ++i) {
    auto task = task_to_keep(i);
    task.parent = i == 3 || i == 4 ? numbered_task(2) : i == 5 ? numbered_task(1) : task_id{};
    writes.emplace_back(write_accepted{task});
  }
  writes.emplace_back(write_group{numbered_task(2), R"(["c"])"});
  writes.emplace_back(write_state{numbered_task(3), ended_state(task_state::succeeded)});
  writes.emplace_back(write_state{numbered_task(5), ended_state(task_state::succeeded)});
  writes.emplace_back(write_state{numbered_task(6), ended_state(task_state::dead)});
  must_commit(*kept, writes);
  kept.reset();
  kept = open();
  const auto found = must_load(*kept);
  REQUIRE(ids_of(found.tasks) == numbered_tasks({1, 2, 3, 4}));
  CHECK(found.tasks[2].now == ended_state(task_state::succeeded));
  must_commit(*kept, {write_group{numbered_task(2), {}}});
  CHECK(ids_of(must_load(*kept).tasks) == numbered_tasks({1, 2, 4}));
}

inline void keeps_keys_as_long_as_their_tasks(const journal_opener& open) {
  auto kept = open();
  auto first = task_to_keep(1);
  first.key = "a";
  first.fingerprint = 42;
  auto second = task_to_keep(2);
  second.key = "a";
  second.client = "another";
  must_commit(*kept, {write_accepted{first}, write_accepted{second},
                      write_state{first.id, ended_state(task_state::succeeded)}});
  kept.reset();
  kept = open();
  auto keys = must_load(*kept).keys;
  REQUIRE(keys.size() == 2);
  std::ranges::sort(keys, {}, &journal_key::id);
  CHECK(keys[0].client == "someone");
  CHECK(keys[0].key == "a");
  CHECK(keys[0].fingerprint == 42);
  CHECK(keys[0].id == first.id);
  CHECK(keys[0].accepted_at == first.accepted_at);
  must_commit(*kept, {write_purged{first.id}});
  CHECK(must_load(*kept).keys.size() == 1);
}

inline void gives_a_key_to_its_latest_task(const journal_opener& open) {
  auto kept = open();
  for (std::uint64_t i = 1; i <= 2; ++i) {
    auto task = task_to_keep(i);
    task.key = "again";
    must_commit(*kept,
                {write_accepted{task}, write_state{task.id, ended_state(task_state::cancelled)}});
  }
  const auto keys = must_load(*kept).keys;
  REQUIRE(keys.size() == 1);
  CHECK(keys[0].id == numbered_task(2));
}

inline void keeps_schedules(const journal_opener& open) {
  auto kept = open();
  schedule nightly{.id = numbered_task(1),
                   .name = "nightly \"backup\"",
                   .request = {.target = "backup",
                               .arguments = raw_json{R"({"of": [1, 2.50]})"},
                               .timeout = std::chrono::milliseconds{9},
                               .lane_override = lane::batch,
                               .level = criticality::sheddable,
                               .client = "me",
                               .key = "k",
                               .trace = "t",
                               .durable = true},
                   .cron = "0 3 * * *",
                   .next_due = journal_start + day_ms,
                   .created_at = journal_start,
                   .runs = 12,
                   .last_task = numbered_task(2)};
  schedule once{.id = numbered_task(3), .request = {.target = "x"}, .next_due = 1};
  must_commit(*kept, {write_schedule{once}, write_schedule{nightly}});
  nightly.runs = 13;
  must_commit(*kept, {write_schedule{nightly}});
  kept.reset();
  kept = open();
  auto found = must_load(*kept).schedules;
  std::ranges::sort(found, {}, &schedule::id);
  REQUIRE(found.size() == 2);
  CHECK(found[0] == nightly);
  CHECK(found[1] == once);
  must_commit(*kept, {write_schedule_removed{nightly.id}});
  CHECK(must_load(*kept).schedules == std::vector{once});
}

inline void lists_the_newest_first(const journal_opener& open) {
  auto kept = open();
  std::vector<journal_write> writes;
  for (std::uint64_t i = 1; i <= 6; ++i) {
    auto task = task_to_keep(i);
    task.target = i % 2 == 0 ? "even" : "odd";
    writes.emplace_back(write_accepted{task});
    const auto state = i <= 2 ? task_state::succeeded : task_state::dead;
    if (i <= 4)
      writes.emplace_back(write_state{task.id, ended_state(state, static_cast<unix_millis>(i))});
  }
  must_commit(*kept, writes);
  const auto listed = [&kept](const journal_query& query) {
    auto found = kept->list(query);
    REQUIRE(found);
    for (const auto& task : *found)
      CHECK_FALSE(task.now.result);
    return ids_of(*found);
  };
  CHECK(listed({}) == numbered_tasks({6, 5, 4, 3, 2, 1}));
  CHECK(listed({.limit = 2}) == numbered_tasks({6, 5}));
  CHECK(listed({.limit = 0}).empty());
  CHECK(listed({.states = {task_state::dead}}) == numbered_tasks({4, 3}));
  CHECK(listed({.states = {task_state::succeeded, task_state::queued}, .limit = 3}) ==
        numbered_tasks({6, 5, 2}));
  CHECK(listed({.target = "even"}) == numbered_tasks({6, 4, 2}));
  CHECK(listed({.states = {task_state::dead}, .target = "odd"}) == numbered_tasks({3}));
  CHECK(listed({.ended_before = 3}) == numbered_tasks({2, 1}));
  CHECK(listed({.target = "no'body"}).empty());
}

/// @pre The journal keeps tasks for the usual times.
inline void prunes_by_age(const journal_opener& open) {
  auto kept = open();
  auto keyed = task_to_keep(1);
  keyed.key = "k";
  must_commit(*kept,
              {write_accepted{keyed}, write_accepted{task_to_keep(2)},
               write_accepted{task_to_keep(3)}, write_accepted{task_to_keep(4)},
               write_state{numbered_task(1), ended_state(task_state::succeeded)},
               write_state{numbered_task(2), ended_state(task_state::dead)},
               write_state{numbered_task(3), ended_state(task_state::failed, journal_start + 1)}});
  const journal_retention usual;
  const auto age = usual.age.count();
  const auto dead_age = usual.dead_age.count();
  CHECK(prune_all(*kept, journal_start + age) == 0);
  CHECK(prune_all(*kept, journal_start + age + 1) == 1);
  CHECK_FALSE(must_find(*kept, numbered_task(1)));
  CHECK(must_load(*kept).keys.empty());
  CHECK(prune_all(*kept, journal_start + dead_age) == 1);
  CHECK(prune_all(*kept, journal_start + dead_age + 1) == 1);
  CHECK(prune_all(*kept, journal_start + 100 * dead_age) == 0);
  CHECK(ids_of(must_load(*kept).tasks) == numbered_tasks({4}));
  CHECK(kept->stats().tasks == 1);
}

inline void prunes_no_children_of_who_waits(const journal_opener& open) {
  auto kept = open();
  auto child = task_to_keep(2);
  child.parent = numbered_task(1);
  must_commit(*kept, {write_accepted{task_to_keep(1)}, write_accepted{child},
                      write_group{numbered_task(1), "[]"},
                      write_state{child.id, ended_state(task_state::succeeded)}});
  const auto late = journal_start + 1'000 * day_ms;
  CHECK(prune_all(*kept, late) == 0);
  must_commit(*kept, {write_group{numbered_task(1), {}}});
  CHECK(prune_all(*kept, late) == 1);
}

/// Runs all of them, each on a journal of its own.
inline void check_journal(const std::function<journal_opener()>& make) {
  keeps_what_was_accepted(make());
  passes_over_what_it_has_accepted(make());
  passes_over_what_is_not_there(make());
  replaces_states_and_results(make());
  loads_what_has_not_ended(make());
  keeps_keys_as_long_as_their_tasks(make());
  gives_a_key_to_its_latest_task(make());
  keeps_schedules(make());
  lists_the_newest_first(make());
  prunes_by_age(make());
  prunes_no_children_of_who_waits(make());
}

}  // namespace libagent::testing
