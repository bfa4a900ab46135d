#include "libagent/api/task_query.hpp"

#include "libagent/base/nearest_name.hpp"
#include "libagent/base/text.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <string>

namespace libagent {

namespace {

constexpr std::array<std::string_view, 4> query_names{"state", "target", "limit", "before"};

error bad_param(const std::string& what) {
  return {errc::invalid_argument, "list tasks: " + what};
}

std::string names_in(const auto& names) {
  std::string list;
  for (const auto name : names)
    list.append(list.empty() ? "" : ", ").append(name);
  return list;
}

expected<std::int64_t> read_query_number(const query_param& param, std::int64_t low,
                                         std::int64_t high) {
  std::int64_t number = 0;
  const auto* end = param.value.data() + param.value.size();
  const auto read = std::from_chars(param.value.data(), end, number);
  if (read.ec != std::errc{} || read.ptr != end || number < low || number > high) {
    return bad_param("query parameter " + param.name + ": expected a whole number from " +
                     std::to_string(low) + " to " + std::to_string(high) + ", got " +
                     quoted_excerpt(param.value));
  }
  return number;
}

expected<void> take_param(const query_param& param, journal_query& into) {
  if (param.name == "state") {
    auto states = read_states(param.value);
    if (!states)
      return states.error();
    into.states = *std::move(states);
  } else if (param.name == "target") {
    if (param.value.empty())
      return bad_param("query parameter target: expected a tool's name or agent:NAME, got nothing");
    into.target = param.value;
  } else if (param.name == "limit") {
    const auto limit = read_query_number(param, 1, task_query_limit_max);
    if (!limit)
      return limit.error();
    into.limit = static_cast<std::size_t>(*limit);
  } else if (param.name == "before") {
    const auto before = read_query_number(param, 0, 253'402'300'799'999);
    if (!before)
      return before.error();
    into.ended_before = *before;
  } else {
    return bad_param("unknown query parameter " + quoted_excerpt(param.name) +
                     did_you_mean(param.name, query_names) + ", known are " +
                     names_in(query_names));
  }
  return {};
}

}  // namespace

expected<std::vector<task_state>> read_states(std::string_view list) {
  std::vector<task_state> states;
  for (const auto name : split_list(list)) {
    const auto state = value_of<task_state>(name);
    if (!state) {
      std::array<std::string_view, enum_names<task_state>::values.size()> known;
      std::ranges::transform(enum_names<task_state>::values, known.begin(),
                             [](const auto& entry) { return entry.second; });
      return bad_param("unknown state " + quoted_excerpt(name) + did_you_mean(name, known) +
                       ", states are " + names_in(known));
    }
    states.push_back(*state);
  }
  if (states.empty())
    return bad_param("expected at least one state, as in state=dead,failed");
  return states;
}

expected<std::optional<journal_query>> read_task_query(const std::vector<query_param>& params) {
  if (params.empty())
    return std::optional<journal_query>{};
  journal_query query;
  for (auto param = params.begin(); param != params.end(); ++param) {
    const auto is_same = [&](const query_param& other) { return other.name == param->name; };
    if (std::any_of(params.begin(), param, is_same))
      return bad_param("query parameter " + quoted_excerpt(param->name) + " is given twice");
    if (const auto taken = take_param(*param, query); !taken)
      return taken.error();
  }
  return std::optional{std::move(query)};
}

std::vector<task_record> matching_records(const std::vector<task_record>& records,
                                          const journal_query& query) {
  std::vector<task_record> found;
  for (const auto& record : records) {
    if (found.size() >= query.limit)
      break;
    const bool has_state = query.states.empty() || std::ranges::count(query.states, record.state);
    const bool has_target = query.target.empty() || query.target == record.target;
    const bool has_time =
        !query.ended_before || (record.ended_at && *record.ended_at < *query.ended_before);
    if (has_state && has_target && has_time)
      found.push_back(record);
  }
  return found;
}

}  // namespace libagent
