#include "libagent/tasks/group_book.hpp"

#include "libagent/base/contract.hpp"
#include "libagent/base/text.hpp"
#include "libagent/record/json.hpp"

#include <algorithm>
#include <unordered_set>
#include <utility>

namespace libagent {

namespace {

/// A group as a journal keeps it.
struct stored_group {
  std::vector<task_id> children;
  group_rule rule = group_rule::all;
  std::string saved;  // JSON as text, so that it comes back as it was, byte for byte.
};

template <class Inspector>
bool inspect(Inspector& f, stored_group& x) {
  return record(f, x, "stored_group", field("children", "In the order of asking.", x.children),
                field("rule", "When the group is complete.", x.rule),
                field("saved", "What the parent wants to find again; empty: nothing.", x.saved)
                    .fallback(std::string{}));
}

constexpr json_limits saved_limits{.bytes_max = group_book::saved_max.bytes};
/// Quoting doubles the saved text at most, and a thousand ids have 39 bytes each.
constexpr json_limits stored_group_limits{.bytes_max = 1U << 20U};

constexpr std::size_t child_error_bytes_max = 256;

/// "child 2 of 3, add 0190...: tool_failed: ..."
std::string told_child(const child_outcome& child, std::size_t index, std::size_t count) {
  auto text = "child " + std::to_string(index + 1) + " of " + std::to_string(count) + ", " +
              child.target + ' ' + to_string(child.id) + ": ";
  if (child.failure)
    return text.append(utf8_prefix(to_string(*child.failure), child_error_bytes_max));
  return text.append(name_of(child.state));
}

}  // namespace

expected<void> group_book::check(std::size_t children, const raw_json& saved) {
  if (children == 0 || children > children_max) {
    return error{errc::invalid_argument, "wait for children: " + std::to_string(children) +
                                             " were asked for, allowed is 1 to " +
                                             std::to_string(children_max)};
  }
  if (saved.text.empty())
    return {};
  auto parsed =
      with_parsed_json(saved.text, saved_limits, [](const auto&) -> expected<void> { return {}; });
  if (!parsed)
    return error{parsed.error().code, "wait for children: saved: " + parsed.error().context};
  return {};
}

expected<void> group_book::add(const task_id& parent, const std::vector<task_id>& children,
                               group_rule rule, raw_json saved) {
  if (auto checked = check(children.size(), saved); !checked)
    return checked;
  LIBAGENT_EXPECTS(are_free(parent, children));
  auto& added = groups_[parent];
  added.rule = rule;
  added.saved = std::move(saved);
  added.has_ended.resize(children.size());
  added.open = static_cast<std::uint32_t>(children.size());
  for (std::uint32_t i = 0; i < children.size(); ++i) {
    added.children.push_back({.id = children[i]});
    places_.emplace(children[i], place{parent, i});
  }
  return {};
}

bool group_book::are_free(const task_id& parent, const std::vector<task_id>& children) const {
  std::unordered_set<task_id> seen;
  return !groups_.contains(parent) && std::ranges::all_of(children, [&](const task_id& child) {
    return !places_.contains(child) && seen.insert(child).second;
  });
}

expected<void> group_book::restore(const task_id& parent, std::string_view text) {
  if (text.empty())
    return {};
  const auto what = "restore children of " + to_string(parent) + ": ";
  auto stored = from_json<stored_group>(text, stored_group_limits);
  if (!stored)
    return error{errc::corrupt, what + stored.error().context};
  if (!are_free(parent, stored->children))
    return error{errc::corrupt, what + "a child is there twice, or the parent waits already"};
  auto added = add(parent, stored->children, stored->rule, {std::move(stored->saved)});
  if (!added)
    return error{errc::corrupt, what + added.error().context};
  return {};
}

std::string group_book::stored_text(const task_id& parent) const {
  const auto found = groups_.find(parent);
  if (found == groups_.end())
    return {};
  return to_json(stored_group{.children = children_of(parent),
                              .rule = found->second.rule,
                              .saved = found->second.saved.text});
}

std::optional<group_verdict> group_book::on_child_end(child_outcome ended) {
  const auto found = places_.find(ended.id);
  if (found == places_.end())
    return std::nullopt;
  LIBAGENT_EXPECTS(is_terminal(ended.state));
  const auto [parent, index] = found->second;
  places_.erase(found);
  auto& waited = groups_.at(parent);
  auto& child = waited.children[index];
  child = std::move(ended);
  waited.has_ended[index] = true;
  --waited.open;
  waited.result_bytes += child.result ? child.result->text.size() : 0;
  group_verdict verdict{.parent = parent};
  if (auto why = failure_of(waited, index)) {
    verdict.step = group_step::fail;
    verdict.why = std::move(why);
  } else if (is_complete(waited, child)) {
    verdict.step = group_step::resume;
  } else {
    return verdict;
  }
  verdict.to_cancel = release_open(waited);
  if (verdict.step == group_step::resume)
    verdict.outcome = finished(std::move(waited));
  groups_.erase(parent);
  return verdict;
}

std::optional<error> group_book::failure_of(const group& waited, std::size_t index) {
  const auto& child = waited.children[index];
  const auto told = [&] { return told_child(child, index, waited.children.size()); };
  if (waited.result_bytes > results_max.bytes) {
    return error{errc::too_large, told() + "; with it the results of the children have " +
                                      std::to_string(waited.result_bytes) +
                                      " bytes, the limit is " + to_string(results_max)};
  }
  if (child.state == task_state::succeeded)
    return std::nullopt;
  // Not the child's own code: a parent whose child was cancelled was not cancelled itself.
  if (waited.rule == group_rule::all)
    return error{errc::tool_failed, told()};
  if (waited.rule == group_rule::any && waited.open == 0)
    return error{errc::tool_failed, "no child succeeded; the last was " + told()};
  return std::nullopt;
}

bool group_book::is_complete(const group& waited, const child_outcome& ended) {
  if (waited.open == 0)
    return true;
  return waited.rule == group_rule::any && ended.state == task_state::succeeded;
}

group_outcome group_book::finished(group waited) {
  for (std::size_t i = 0; i < waited.children.size(); ++i) {
    if (waited.has_ended[i])
      continue;
    waited.children[i].state = task_state::cancelled;
    waited.children[i].failure = {errc::cancelled, "another child had succeeded"};
  }
  return {.saved = std::move(waited.saved), .children = std::move(waited.children)};
}

std::vector<task_id> group_book::release_open(const group& waited) {
  std::vector<task_id> open;
  for (std::size_t i = 0; i < waited.children.size(); ++i) {
    if (waited.has_ended[i])
      continue;
    open.push_back(waited.children[i].id);
    places_.erase(open.back());
  }
  return open;
}

std::vector<task_id> group_book::cancel(const task_id& parent) {
  const auto found = groups_.find(parent);
  if (found == groups_.end())
    return {};
  auto open = release_open(found->second);
  groups_.erase(found);
  return open;
}

std::vector<task_id> group_book::children_of(const task_id& parent) const {
  std::vector<task_id> ids;
  if (const auto found = groups_.find(parent); found != groups_.end()) {
    for (const auto& child : found->second.children) {
      ids.push_back(child.id);
    }
  }
  return ids;
}

std::uint32_t group_book::open_children(const task_id& parent) const {
  const auto found = groups_.find(parent);
  return found == groups_.end() ? 0 : found->second.open;
}

}  // namespace libagent
