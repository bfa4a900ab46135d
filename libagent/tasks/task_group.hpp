#pragma once

#include "libagent/record/field.hpp"
#include "libagent/tasks/task.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace libagent {

/// When a group of children is complete.
enum class group_rule : std::uint8_t {
  all,      ///< All succeeded; the first that does not cancels the others and fails the parent.
  any,      ///< One succeeded; the others are cancelled. All failed: the parent fails.
  settled,  ///< All ended, however.
};

template <>
struct enum_names<group_rule> {
  static constexpr std::array<std::pair<group_rule, std::string_view>, 3> values{
      {{group_rule::all, "all"}, {group_rule::any, "any"}, {group_rule::settled, "settled"}}};
};

/// Children that a running task submits, to go on when they have ended. They inherit its deadline
/// (theirs is never later), criticality, client and trace, and are cancelled with it.
struct task_group {
  std::vector<task_request> children;
  group_rule rule = group_rule::all;
  raw_json saved;  ///< What the parent wants to find again; empty: nothing.
};

template <class Inspector>
bool inspect(Inspector& f, task_group& x) {
  return record(
      f, x, "task_group", field("children", "What is to be run.", x.children),
      field("rule", "When they are complete: all, any or settled.", x.rule)
          .fallback(group_rule::all),
      field("saved", "What the parent wants to find again.", x.saved).fallback(raw_json{}));
}

/// How one child ended.
struct child_outcome {
  task_id id;
  std::string target;
  task_state state = task_state::succeeded;
  std::optional<raw_json> result;
  std::optional<error> failure;
};

template <class Inspector>
bool inspect(Inspector& f, child_outcome& x) {
  return record(f, x, "child_outcome", field("id", "The task's UUID.", x.id),
                field("target", "What was run.", x.target).fallback(std::string{}),
                field("state", "How it ended.", x.state), field("result", "Its output.", x.result),
                field("error", "Why there is none.", x.failure));
}

/// What a parent finds when its children have ended.
struct group_outcome {
  raw_json saved;
  std::vector<child_outcome> children;  ///< In the order in which they were asked for.
};

template <class Inspector>
bool inspect(Inspector& f, group_outcome& x) {
  return record(
      f, x, "group_outcome",
      field("saved", "What the parent wanted to find again.", x.saved).fallback(raw_json{}),
      field("children", "How they ended, in their order.", x.children));
}

}  // namespace libagent
