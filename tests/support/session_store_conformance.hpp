#pragma once

#include "libagent/ports/session_store.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace libagent::testing {

/// Opens the store under test; each time but the first what it keeps is there already. The one
/// before must be gone by then.
using session_store_opener = std::function<session_store_ptr()>;

constexpr unix_millis sessions_start = 1'700'000'000'000;

inline session_name numbered_session(std::uint64_t number, std::string client = "someone") {
  return {std::move(client), "s" + std::to_string(number)};
}

/// An append to a session; all but the name and the number may be changed.
inline append_events events_of(const session_name& name, std::uint64_t first,
                               std::vector<std::string> events) {
  return {.name = name,
          .agent = "documents",
          .first = first,
          .events = std::move(events),
          .at = sessions_start + static_cast<unix_millis>(first)};
}

inline void must_commit(session_store& kept, const std::vector<session_write>& writes) {
  const auto done = kept.commit(writes);
  INFO((done ? std::string{} : to_string(done.error())));
  REQUIRE(done);
}

inline error must_refuse(session_store& kept, const std::vector<session_write>& writes) {
  const auto done = kept.commit(writes);
  REQUIRE_FALSE(done);
  return done.error();
}

inline std::optional<stored_session> must_load(session_store& kept, const session_name& name) {
  auto found = kept.load(name);
  INFO((found ? std::string{} : to_string(found.error())));
  REQUIRE(found);
  return std::move(*found);
}

inline std::optional<session_name> must_find(session_store& kept, const std::string& approval) {
  auto found = kept.find_approval(approval);
  INFO((found ? std::string{} : to_string(found.error())));
  REQUIRE(found);
  return std::move(*found);
}

inline std::vector<std::string> must_list(session_store& kept, const session_query& query) {
  const auto found = kept.list(query);
  INFO((found ? std::string{} : to_string(found.error())));
  REQUIRE(found);
  std::vector<std::string> ids;
  ids.reserve(found->size());
  for (const auto& head : *found)
    ids.push_back(head.name.id);
  return ids;
}

inline std::size_t prune_sessions(session_store& kept, unix_millis unchanged_since) {
  std::size_t sum = 0;
  for (;;) {
    const auto removed = kept.prune(unchanged_since);
    REQUIRE(removed);
    if (*removed == 0)
      return sum;
    sum += *removed;
  }
}

// What every store does. Each is called with an empty one.

inline void keeps_what_was_appended(const session_store_opener& open) {
  auto kept = open();
  const auto name = numbered_session(1);
  const std::string odd{"\0\xFF'\"\n", 5};
  must_commit(*kept, {events_of(name, 0, {"{}", odd})});
  auto more = events_of(name, 2, {"", std::string(70'000, 'e')});
  more.agent = "weather";
  more.has_open_turn = true;
  more.approvals = {"a1", "a2"};
  must_commit(*kept, {more});
  kept.reset();
  kept = open();
  const auto found = must_load(*kept, name);
  REQUIRE(found);
  CHECK(found->events == std::vector<std::string>{"{}", odd, "", std::string(70'000, 'e')});
  CHECK(found->head.name == name);
  CHECK(found->head.agent == "weather");
  CHECK(found->head.created_at == sessions_start);
  CHECK(found->head.changed_at == sessions_start + 2);
  CHECK(found->head.events == 4);
  CHECK(found->head.bytes == 70'007);
  CHECK(found->head.has_open_turn);
  CHECK(found->head.needs_approval);
  CHECK_FALSE(must_load(*kept, numbered_session(2)));
  CHECK(kept->stats().sessions == 1);
  CHECK(kept->stats().events == 4);
}

inline void keeps_clients_apart(const session_store_opener& open) {
  auto kept = open();
  const session_name of_node{"", "s1"};
  must_commit(*kept, {events_of(numbered_session(1, "a"), 0, {"1"}),
                      events_of(numbered_session(1, "b"), 0, {"2"}), events_of(of_node, 0, {"3"})});
  CHECK(must_load(*kept, numbered_session(1, "a"))->events == std::vector<std::string>{"1"});
  CHECK(must_load(*kept, numbered_session(1, "b"))->events == std::vector<std::string>{"2"});
  CHECK(must_load(*kept, of_node)->events == std::vector<std::string>{"3"});
  must_commit(*kept, {erase_session{numbered_session(1, "a")}});
  CHECK_FALSE(must_load(*kept, numbered_session(1, "a")));
  CHECK(must_load(*kept, numbered_session(1, "b")));
}

inline void commits_all_or_nothing(const session_store_opener& open) {
  auto kept = open();
  must_commit(*kept, {events_of(numbered_session(1), 0, {"1"})});
  const auto why = must_refuse(
      *kept, {events_of(numbered_session(1), 1, {"2"}), events_of(numbered_session(2), 0, {"1"}),
              erase_session{numbered_session(3)}, events_of(numbered_session(4), 7, {"gap"})});
  CHECK(why.code == errc::already_exists);
  CHECK(why.context.find("s4") != std::string::npos);
  CHECK(must_load(*kept, numbered_session(1))->head.events == 1);
  CHECK_FALSE(must_load(*kept, numbered_session(2)));
  CHECK(kept->stats().sessions == 1);
  CHECK(kept->stats().events == 1);
  // In order: what a later write needs an earlier one brought.
  must_commit(*kept,
              {events_of(numbered_session(2), 0, {"1"}), events_of(numbered_session(2), 1, {"2"}),
               erase_session{numbered_session(1)}, events_of(numbered_session(1), 0, {"anew"})});
  CHECK(must_load(*kept, numbered_session(2))->head.events == 2);
  CHECK(must_load(*kept, numbered_session(1))->events == std::vector<std::string>{"anew"});
}

inline void passes_over_what_it_has(const session_store_opener& open) {
  auto kept = open();
  const auto name = numbered_session(1);
  must_commit(*kept, {events_of(name, 0, {"0", "1", "2"})});
  auto again = events_of(name, 1, {"1", "2"});
  again.agent = "other";
  again.at = sessions_start + 99;
  again.approvals = {"a1"};
  must_commit(*kept, {again, events_of(name, 3, {"3"})});
  const auto found = must_load(*kept, name);
  CHECK(found->events == std::vector<std::string>{"0", "1", "2", "3"});
  CHECK(found->head.agent == "documents");
  CHECK(found->head.changed_at == sessions_start + 3);
  CHECK_FALSE(must_find(*kept, "a1"));
}

inline void refuses_a_second_writer(const session_store_opener& open) {
  auto kept = open();
  const auto name = numbered_session(1);
  must_commit(*kept, {events_of(name, 0, {"0", "1"})});
  for (const auto& other : {events_of(name, 3, {"gap"}), events_of(name, 0, {"else"}),
                            events_of(name, 1, {"1", "overlap"}), events_of(name, 3, {}),
                            events_of(numbered_session(2), 1, {"not begun"})}) {
    const auto why = must_refuse(*kept, {other});
    CHECK(why.code == errc::already_exists);
    CHECK(why.context.find(other.name.id) != std::string::npos);
  }
  CHECK(must_load(*kept, name)->events == std::vector<std::string>{"0", "1"});
}

inline void changes_a_head_without_events(const session_store_opener& open) {
  auto kept = open();
  const auto name = numbered_session(1);
  must_commit(*kept, {events_of(name, 0, {})});
  CHECK_FALSE(must_load(*kept, name));  // it begins with its first events
  must_commit(*kept, {events_of(name, 0, {"0"})});
  auto change = events_of(name, 1, {});
  change.has_open_turn = true;
  must_commit(*kept, {change});
  CHECK(must_load(*kept, name)->head.has_open_turn);
  CHECK(must_load(*kept, name)->head.events == 1);
}

inline void finds_approvals_while_they_wait(const session_store_opener& open) {
  auto kept = open();
  auto first = events_of(numbered_session(1), 0, {"0"});
  first.approvals = {"a1", "a2"};
  auto second = events_of(numbered_session(2, "other"), 0, {"0"});
  second.approvals = {"b1"};
  must_commit(*kept, {first, second});
  CHECK(must_find(*kept, "a2") == numbered_session(1));
  CHECK(must_find(*kept, "b1") == numbered_session(2, "other"));
  auto next = events_of(numbered_session(1), 1, {"1"});
  next.approvals = {"a2", "a3"};
  must_commit(*kept, {next});
  kept.reset();
  kept = open();
  CHECK_FALSE(must_find(*kept, "a1"));
  CHECK(must_find(*kept, "a2") == numbered_session(1));
  CHECK(must_find(*kept, "a3") == numbered_session(1));
  auto thief = events_of(numbered_session(2, "other"), 1, {"1"});
  thief.approvals = {"a2"};
  CHECK(must_refuse(*kept, {thief}).code == errc::already_exists);
  CHECK(must_find(*kept, "a2") == numbered_session(1));
  must_commit(*kept, {events_of(numbered_session(1), 2, {"2"}),
                      erase_session{numbered_session(2, "other")}});
  CHECK_FALSE(must_find(*kept, "a2"));
  CHECK_FALSE(must_find(*kept, "b1"));
  CHECK_FALSE(must_load(*kept, numbered_session(1))->head.needs_approval);
}

inline void lists_the_latest_changed_first(const session_store_opener& open) {
  auto kept = open();
  std::vector<session_write> writes;
  for (std::uint64_t i = 1; i <= 6; ++i) {
    auto begin = events_of(numbered_session(i, i <= 4 ? "a" : "b"), 0, {"{}"});
    begin.agent = i % 2 == 0 ? "even" : "odd";
    begin.at = sessions_start + static_cast<unix_millis>(i);
    begin.has_open_turn = i == 2 || i == 5;
    writes.emplace_back(begin);
  }
  must_commit(*kept, writes);
  auto late = events_of(numbered_session(1, "a"), 1, {"{}"});
  late.agent = "odd";
  late.at = sessions_start + 10;
  must_commit(*kept, {late});
  using ids = std::vector<std::string>;
  CHECK(must_list(*kept, {}) == ids{"s1", "s6", "s5", "s4", "s3", "s2"});
  CHECK(must_list(*kept, {.limit = 2}) == ids{"s1", "s6"});
  CHECK(must_list(*kept, {.limit = 0}).empty());
  CHECK(must_list(*kept, {.client = "a"}) == ids{"s1", "s4", "s3", "s2"});
  CHECK(must_list(*kept, {.client = "a", .limit = 3}) == ids{"s1", "s4", "s3"});
  CHECK(must_list(*kept, {.client = ""}).empty());
  CHECK(must_list(*kept, {.agent = "even"}) == ids{"s6", "s4", "s2"});
  CHECK(must_list(*kept, {.open_only = true}) == ids{"s5", "s2"});
  CHECK(must_list(*kept, {.changed_before = sessions_start + 4}) == ids{"s3", "s2"});
  CHECK(must_list(*kept, {.client = "b", .agent = "odd", .open_only = true}) == ids{"s5"});
  CHECK(must_list(*kept, {.agent = "no'body"}).empty());
}

inline void erases_all_of_a_session(const session_store_opener& open) {
  auto kept = open();
  must_commit(*kept, {events_of(numbered_session(1), 0, {"0", "1"}),
                      events_of(numbered_session(2), 0, {"0"})});
  must_commit(*kept, {erase_session{numbered_session(2)}, erase_session{numbered_session(9)}});
  CHECK(must_list(*kept, {}) == std::vector<std::string>{"s1"});
  CHECK(kept->stats().sessions == 1);
  CHECK(kept->stats().events == 2);
  kept.reset();
  kept = open();
  must_commit(*kept, {events_of(numbered_session(3), 0, {"new"})});
  CHECK(must_load(*kept, numbered_session(3))->events == std::vector<std::string>{"new"});
  CHECK_FALSE(must_load(*kept, numbered_session(2)));
}

inline void prunes_what_is_old_and_closed(const session_store_opener& open) {
  auto kept = open();
  constexpr std::uint64_t count = 300;
  std::vector<session_write> writes;
  for (std::uint64_t i = 0; i < count; ++i) {
    auto begin = events_of(numbered_session(i), 0, {"{}", "{}"});
    begin.at = sessions_start + static_cast<unix_millis>(i);
    begin.has_open_turn = i == 0;
    writes.emplace_back(begin);
  }
  must_commit(*kept, writes);
  CHECK(prune_sessions(*kept, sessions_start + 1) == 0);
  CHECK(prune_sessions(*kept, sessions_start + 2) == 1);
  CHECK_FALSE(must_load(*kept, numbered_session(1)));
  CHECK(prune_sessions(*kept, sessions_start + count - 1) == count - 3);
  CHECK(must_list(*kept, {}) == std::vector<std::string>{"s" + std::to_string(count - 1), "s0"});
  CHECK(kept->stats().sessions == 2);
  CHECK(kept->stats().events == 4);
}

inline std::vector<kept_spending> must_spend(session_store& kept, std::int64_t day) {
  auto found = kept.spending(day);
  INFO((found ? std::string{} : to_string(found.error())));
  REQUIRE(found);
  std::ranges::sort(*found, {}, &kept_spending::name);
  return std::move(*found);
}

inline void keeps_the_latest_spending(const session_store_opener& open) {
  auto kept = open();
  const kept_spending ann{.kind = payer_kind::client, .name = "ann", .day = 9, .spent = {5, 6}};
  kept_spending both = ann;
  both.kind = payer_kind::agent;
  both.name = "writer";
  must_commit(*kept, {keep_spending{{ann, both}}});
  auto later = ann;
  later.spent = {std::uint64_t{1} << 40U, 70};
  must_commit(*kept, {events_of(numbered_session(1), 0, {"{}"}), keep_spending{{later}}});
  CHECK(must_spend(*kept, 9) == std::vector<kept_spending>{later, both});
  // What is refused as a whole is not kept in part.
  (void)must_refuse(*kept, {keep_spending{{ann}}, events_of(numbered_session(2), 7, {"{}"})});
  kept.reset();
  kept = open();
  CHECK(must_spend(*kept, 9) == std::vector<kept_spending>{later, both});
  CHECK(must_spend(*kept, 10).empty());
  later.day = 10;
  must_commit(*kept, {keep_spending{{later}}});
  CHECK(must_spend(*kept, 10) == std::vector<kept_spending>{later});
}

/// Runs all of them, each on a store of its own.
inline void check_session_store(const std::function<session_store_opener()>& make) {
  keeps_what_was_appended(make());
  keeps_clients_apart(make());
  commits_all_or_nothing(make());
  passes_over_what_it_has(make());
  refuses_a_second_writer(make());
  changes_a_head_without_events(make());
  finds_approvals_while_they_wait(make());
  lists_the_latest_changed_first(make());
  erases_all_of_a_session(make());
  prunes_what_is_old_and_closed(make());
  keeps_the_latest_spending(make());
}

}  // namespace libagent::testing
