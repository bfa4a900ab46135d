#pragma once

#include "libagent/base/expected.hpp"
#include "libagent/base/task_id.hpp"
#include "libagent/base/units.hpp"
#include "libagent/tasks/task_group.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace libagent {

/// What happens to a parent when one of its children has ended.
enum class group_step : std::uint8_t {
  wait,    ///< It waits on.
  resume,  ///< It runs again, with `outcome`.
  fail,    ///< It fails, with `why`.
};

struct group_verdict {
  task_id parent;
  group_step step = group_step::wait;
  /// A child that was not needed any more is in it as cancelled, without a target.
  std::optional<group_outcome> outcome;
  std::optional<error> why;        ///< `tool_failed` or `too_large`, naming the child.
  std::vector<task_id> to_cancel;  ///< Children that are not needed any more.
};

/// Knows which parents wait for which children, and decides when each goes on.
///
/// A group is forgotten with the verdict to resume or to fail: what its cancelled children come to
/// is of no interest then, and a parent that waits again has a new group. Every operation is O(1)
/// per child. Thread safety: none.
class group_book {
public:
  static constexpr std::size_t children_max = 1'000;
  static constexpr byte_size saved_max = kibibytes(256);
  /// Of what all children of one group return: the parent is handed all of it at once.
  static constexpr byte_size results_max = mebibytes(16);

  /// Whether a group can be taken. Errors: `invalid_argument` for no child, too many, or a `saved`
  /// that is no JSON; `too_large` for too much of it.
  [[nodiscard]] static expected<void> check(std::size_t children, const raw_json& saved);

  /// The parent waits from now on. Errors: as `check`.
  /// @pre The parent does not wait yet, and nobody waits for any of the children.
  [[nodiscard]] expected<void> add(const task_id& parent, const std::vector<task_id>& children,
                                   group_rule rule, raw_json saved);

  /// Reads back what `stored_text` gave; the children that have ended must then be reported once
  /// more with `on_child_end`. An empty text is no group and not an error.
  /// Errors: `corrupt`; then nothing was added. @pre As `add`.
  [[nodiscard]] expected<void> restore(const task_id& parent, std::string_view text);

  /// What a journal keeps of the group that a parent waits for; empty: it does not wait.
  [[nodiscard]] std::string stored_text(const task_id& parent) const;

  /// A task has ended; empty when nobody waits for it.
  [[nodiscard]] std::optional<group_verdict> on_child_end(child_outcome ended);

  /// The parent itself has ended: forgets its group, and returns the children that are still open.
  [[nodiscard]] std::vector<task_id> cancel(const task_id& parent);

  /// The children in the order in which they were asked for; none when the parent does not wait.
  [[nodiscard]] std::vector<task_id> children_of(const task_id& parent) const;

  /// How many children a parent waits for; 0: it does not wait.
  [[nodiscard]] std::uint32_t open_children(const task_id& parent) const;

  /// Parents that wait.
  [[nodiscard]] std::size_t size() const { return groups_.size(); }

private:
  struct group {
    std::vector<child_outcome> children;
    std::vector<bool> has_ended;  // By child.
    group_rule rule = group_rule::all;
    raw_json saved;
    std::uint32_t open = 0;
    std::uint64_t result_bytes = 0;
  };

  struct place {
    task_id parent;
    std::uint32_t index = 0;
  };

  [[nodiscard]] bool are_free(const task_id& parent, const std::vector<task_id>& children) const;
  [[nodiscard]] static std::optional<error> failure_of(const group& waited, std::size_t index);
  [[nodiscard]] static bool is_complete(const group& waited, const child_outcome& ended);
  [[nodiscard]] static group_outcome finished(group waited);
  [[nodiscard]] std::vector<task_id> release_open(const group& waited);

  std::unordered_map<task_id, group> groups_;  // By parent.
  std::unordered_map<task_id, place> places_;  // Of the open children.
};

}  // namespace libagent
