#include "libagent/api/metrics_text.hpp"

#include <algorithm>
#include <chrono>
#include <string>
#include <string_view>
#include <vector>

namespace libagent {

namespace {

/// Appends metric families; one `family` call, then its samples.
class metrics_page {
public:
  metrics_page& family(std::string_view name, std::string_view type, std::string_view help) {
    name_ = name;
    suffix_.clear();
    page_.append("# HELP ").append(name).append(" ").append(help).append("\n");
    page_.append("# TYPE ").append(name).append(" ").append(type).append("\n");
    return *this;
  }

  /// The samples that follow carry this behind the family's name.
  metrics_page& suffixed(std::string_view suffix) {
    suffix_ = suffix;
    return *this;
  }

  metrics_page& sample(std::string_view labels, std::uint64_t value) {
    page_.append(name_).append(suffix_);
    if (!labels.empty())
      page_.append("{").append(labels).append("}");
    page_.append(" ").append(std::to_string(value)).append("\n");
    return *this;
  }

  metrics_page& sample_seconds(std::string_view labels, std::chrono::microseconds value) {
    const auto us = value.count();
    auto fraction = std::to_string(us % 1'000'000);
    fraction.insert(0, 6 - fraction.size(), '0');
    page_.append(name_).append(suffix_);
    if (!labels.empty())
      page_.append("{").append(labels).append("}");
    page_.append(" ").append(std::to_string(us / 1'000'000));
    page_.append(".").append(fraction).append("\n");
    return *this;
  }

  [[nodiscard]] std::string take() && { return std::move(page_); }

private:
  std::string page_;
  std::string name_;
  std::string suffix_;
};

constexpr std::string_view interactive_label = R"(lane="interactive")";
constexpr std::string_view batch_label = R"(lane="batch")";

/// Names of tools and resources are free of what would have to be escaped in most cases; the rest
/// is escaped as the format says.
std::string label(std::string_view name, std::string_view value) {
  std::string text{name};
  text += "=\"";
  for (const char c : value) {
    if (c == '"' || c == '\\')
      text += '\\';
    text += c == '\n' ? ' ' : c;
  }
  return text + '"';
}

void add_limits(metrics_page& page, const std::vector<limit_status>& limits) {
  const auto each = [&](std::string_view name, std::string_view help,
                        std::uint32_t limit_status::* member) {
    page.family(name, "gauge", help);
    for (const auto& limit : limits)
      page.sample(label("limit", limit.name), limit.*member);
  };
  each("agent_limit_current", "Tasks that may run at a time.", &limit_status::current);
  each("agent_limit_floor", "The limit never falls below.", &limit_status::floor);
  each("agent_limit_ceiling", "The limit never rises above.", &limit_status::ceiling);
  each("agent_limit_in_flight", "Tasks that run under the limit.", &limit_status::in_flight);
  page.family("agent_limit_frozen", "gauge", "1: something else than the limit decides now.");
  for (const auto& limit : limits)
    page.sample(label("limit", limit.name), limit.frozen ? 1 : 0);
}

void add_tools(metrics_page& page, const std::vector<tool_time>& tools) {
  page.family("agent_tool_run_seconds", "gauge", "Recent runs of the slowest tools.");
  for (const auto& tool : tools) {
    if (tool.runs == 0)
      continue;
    page.sample_seconds(label("tool", tool.tool) + ",stat=\"mean\"", tool.mean)
        .sample_seconds(label("tool", tool.tool) + ",quantile=\"0.9\"", tool.p90);
  }
  page.family("agent_handler_stall_seconds", "summary",
              "Runs that held a short-task handler over a millisecond.");
  for (const auto& tool : tools) {
    if (tool.stalls == 0)
      continue;
    page.suffixed("_sum").sample_seconds(label("tool", tool.tool), tool.stalled);
    page.suffixed("_count").sample(label("tool", tool.tool), tool.stalls);
  }
  page.family("agent_tool_moved", "gauge", "1: it runs in the batch lane, as it held handlers.");
  for (const auto& tool : tools) {
    if (tool.moved)
      page.sample(label("tool", tool.tool), 1);
  }
}

void add_dispatcher(metrics_page& page, const dispatcher_status& now) {
  const auto per_lane = [&](std::string_view name, std::string_view type, std::string_view help,
                            std::uint64_t lane_status::* member) {
    page.family(name, type, help)
        .sample(interactive_label, now.interactive.*member)
        .sample(batch_label, now.batch.*member);
  };
  per_lane("agent_tasks_queued", "gauge", "Tasks waiting.", &lane_status::queued);
  per_lane("agent_tasks_running", "gauge", "Tasks running.", &lane_status::running);
  per_lane("agent_executors", "gauge", "Handlers or workers ready for tasks.",
           &lane_status::executors);
  per_lane("agent_tasks_accepted_total", "counter", "Tasks accepted.", &lane_status::accepted);
  page.family("agent_tasks_refused_total", "counter", "Tasks refused, by why.");
  for (const auto& [lane_name, reason, count] : now.refusals)
    page.sample(label("lane", lane_name) + "," + label("reason", reason), count);
  per_lane("agent_tasks_parked", "gauge", "Waiting tasks that wait for memory.",
           &lane_status::parked);
  per_lane("agent_queue_age_milliseconds", "gauge", "How long the oldest waiting task has waited.",
           &lane_status::oldest_ms);
  page.family("agent_task_records", "gauge", "Tasks that can be looked up.")
      .sample("", now.records);
  page.family("agent_tasks_ended_total", "counter", "Tasks ended, by how.")
      .sample(R"(state="succeeded")", now.succeeded)
      .sample(R"(state="failed")", now.failed)
      .sample(R"(state="cancelled")", now.cancelled)
      .sample(R"(state="expired")", now.expired)
      .sample(R"(state="dead")", now.dead);
  page.family("agent_task_retries_total", "counter", "Attempts begun again after a crash.")
      .sample("", now.retried);
  page.family("agent_memory_interventions_total", "counter", "Running tasks stopped for memory.")
      .sample(R"(kind="set_back")", now.preempted)
      .sample(R"(kind="ended")", now.ended_for_memory);
  add_limits(page, now.limits);
  add_tools(page, now.slowest);
}

void add_cache(metrics_page& page, const cache_stats& now) {
  page.family("agent_cache_capacity_bytes", "gauge", "Limit of the cache.")
      .sample("", now.capacity_bytes);
  page.family("agent_cache_charged_bytes", "gauge", "Charged to entries.")
      .sample("", now.charged_bytes);
  page.family("agent_cache_entries", "gauge", "Entries held.").sample("", now.entries);
  page.family("agent_cache_requests_total", "counter", "Askers, by what they got.")
      .sample(R"(result="hit")", now.hits)
      .sample(R"(result="stale")", now.stale_served)
      .sample(R"(result="stale_after_failure")", now.failure_served)
      .sample(R"(result="miss")", now.misses - std::min(now.misses, now.disk_hits))
      .sample(R"(result="disk_hit")", now.disk_hits)
      .sample(R"(result="bypassed")", now.bypassed)
      .sample(R"(result="known_failure")", now.remembered_failures)
      .sample(R"(result="coalesced")", now.shared_flights);
  page.family("agent_cache_early_refreshes_total", "counter", "Hits computed anew before time.")
      .sample("", now.early_refreshes);
  page.family("agent_cache_saved_milliseconds_total", "counter", "Computing time that hits saved.")
      .sample("", static_cast<std::uint64_t>(now.saved_time.count()));
  page.family("agent_cache_saved_tokens_total", "counter", "Tokens that hits saved.")
      .sample("", now.saved_tokens);
  page.family("agent_cache_saved_micro_cost_total", "counter",
              "Money that hits saved, in millionths of the currency.")
      .sample("", now.saved_micro_cost);
  page.family("agent_cache_hit_age_milliseconds", "gauge", "Age of what was served.")
      .sample(R"(quantile="0.5")", static_cast<std::uint64_t>(now.hit_age_p50.count()))
      .sample(R"(quantile="0.99")", static_cast<std::uint64_t>(now.hit_age_p99.count()));
  page.family("agent_cache_evictions_total", "counter", "Entries evicted for space.")
      .sample("", now.evictions);
  page.family("agent_cache_expirations_total", "counter", "Entries dropped by age.")
      .sample("", now.expirations);
  page.family("agent_cache_rejections_total", "counter", "Values not admitted, by reason.")
      .sample(R"(reason="too_large")", now.rejected_too_large)
      .sample(R"(reason="no_room")", now.rejected_no_room)
      .sample(R"(reason="tenant_quota")", now.rejected_tenant_quota);
}

void add_cache_disk(metrics_page& page, const cache_level_stats& now) {
  page.family("agent_cache_disk_capacity_bytes", "gauge", "Limit of the cache's second level.")
      .sample("", now.capacity_bytes);
  page.family("agent_cache_disk_used_bytes", "gauge", "Length of its storage.")
      .sample("", now.used_bytes);
  page.family("agent_cache_disk_entries", "gauge", "Entries held.").sample("", now.entries);
  page.family("agent_cache_disk_evictions_total", "counter", "Entries evicted for space.")
      .sample("", now.evictions);
  page.family("agent_cache_disk_corruptions_total", "counter",
              "Entries found damaged, and dropped.")
      .sample("", now.corruptions);
  page.family("agent_cache_disk_restarts_total", "counter", "Damaged files that were put aside.")
      .sample("", now.restarts);
}

void add_memory(metrics_page& page, const memory_status& now) {
  page.family("agent_memory_pressure_level", "gauge",
              "0 normal, 1 elevated, 2 high, 3 critical, 4 emergency.")
      .sample("", static_cast<std::uint64_t>(now.level));
  page.family("agent_memory_used_bytes", "gauge", "Resident set size.").sample("", now.used_bytes);
  page.family("agent_memory_available_bytes", "gauge", "MemAvailable of the machine.")
      .sample("", now.available_bytes);
  page.family("agent_memory_budget_bytes", "gauge", "What the process may use.")
      .sample("", now.budget_bytes);
  page.family("agent_memory_peak_bytes", "gauge", "Largest use seen.").sample("", now.peak_bytes);
  page.family("agent_memory_reserved_bytes", "gauge", "Set aside for tasks.")
      .sample("", now.reserved_bytes);
  page.family("agent_memory_actions_total", "counter", "What the monitor did, by kind.")
      .sample(R"(kind="trim")", now.actions.trims)
      .sample(R"(kind="reserve_released")", now.actions.reserve_released)
      .sample(R"(kind="allocation_failure")", now.actions.allocation_failures);
  page.family("agent_memory_phase_peak_bytes", "gauge", "Largest use in a phase of the work.");
  for (const auto& phase : now.phases)
    page.sample(label("phase", phase.name), phase.peak_bytes);
}

void add_sessions(metrics_page& page, const sessions_status& now) {
  page.family("agent_sessions_resident", "gauge", "Conversations in memory.")
      .sample("", now.resident);
  page.family("agent_turns_open", "gauge", "Turns under way.").sample("", now.turns_open);
  page.family("agent_turns_total", "counter", "Turns that were begun.").sample("", now.turns);
  page.family("agent_sessions_revived_total", "counter", "Looked up in the store.")
      .sample("", now.revived);
  page.family("agent_sessions_passivated_total", "counter", "Left to the store.")
      .sample("", now.passivated);
}

void add_journal(metrics_page& page, const journal_stats& now) {
  page.family("agent_journal_tasks", "gauge", "Tasks kept, ended or not.").sample("", now.tasks);
  page.family("agent_journal_file_bytes", "gauge", "Size of the database with its log.")
      .sample("", now.file_bytes);
  page.family("agent_journal_commits_total", "counter", "Commits.").sample("", now.commits);
  page.family("agent_journal_writes_total", "counter", "Changes in them.").sample("", now.writes);
  page.family("agent_journal_commit_seconds_total", "counter", "Time spent in commits.")
      .sample_seconds("", std::chrono::microseconds{static_cast<std::int64_t>(now.commit_us)});
}

}  // namespace

std::string metrics_text(const node_status& snapshot) {
  metrics_page page;
  if (snapshot.dispatcher)
    add_dispatcher(page, *snapshot.dispatcher);
  if (snapshot.cache)
    add_cache(page, *snapshot.cache);
  if (snapshot.cache_disk)
    add_cache_disk(page, *snapshot.cache_disk);
  if (snapshot.memory)
    add_memory(page, *snapshot.memory);
  if (snapshot.journal)
    add_journal(page, *snapshot.journal);
  if (snapshot.sessions)
    add_sessions(page, *snapshot.sessions);
  return std::move(page).take();
}

}  // namespace libagent
