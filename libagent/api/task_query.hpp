#pragma once

#include "libagent/base/expected.hpp"
#include "libagent/http/url.hpp"
#include "libagent/ports/journal.hpp"

#include <cstddef>
#include <optional>
#include <string_view>
#include <vector>

namespace libagent {

inline constexpr std::size_t task_query_limit_max = 1'000;

/// Names of task states, separated by commas.
/// Errors: `invalid_argument` with the name that is none, and those that are.
[[nodiscard]] expected<std::vector<task_state>> read_states(std::string_view list);

/// What the query of `GET /v1/tasks` asks for: `state`, `target`, `limit` and `before`, each at
/// most once. Empty when it has no parameters.
///
/// Errors: `invalid_argument`, naming the parameter.
[[nodiscard]] expected<std::optional<journal_query>> read_task_query(
    const std::vector<query_param>& params);

/// Of `records` those that `query` is about, in their order: for a node without a journal.
[[nodiscard]] std::vector<task_record> matching_records(const std::vector<task_record>& records,
                                                        const journal_query& query);

}  // namespace libagent
