#include "libagent/api/metrics_text.hpp"

#include <algorithm>
#include <string_view>

namespace libagent {

namespace {

/// Appends metric families; one `family` call, then its samples.
class metrics_page {
public:
  metrics_page& family(std::string_view name, std::string_view type, std::string_view help) {
    name_ = name;
    page_.append("# HELP ").append(name).append(" ").append(help).append("\n");
    page_.append("# TYPE ").append(name).append(" ").append(type).append("\n");
    return *this;
  }

  metrics_page& sample(std::string_view labels, std::uint64_t value) {
    page_.append(name_);
    if (!labels.empty())
      page_.append("{").append(labels).append("}");
    page_.append(" ").append(std::to_string(value)).append("\n");
    return *this;
  }

  [[nodiscard]] std::string take() && { return std::move(page_); }

private:
  std::string page_;
  std::string name_;
};

constexpr std::string_view interactive_label = R"(lane="interactive")";
constexpr std::string_view batch_label = R"(lane="batch")";

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
  per_lane("agent_tasks_refused_total", "counter", "Tasks refused.", &lane_status::refused);
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
}

}  // namespace

std::string metrics_text(const metrics_snapshot& snapshot) {
  metrics_page page;
  if (snapshot.dispatcher)
    add_dispatcher(page, *snapshot.dispatcher);
  if (snapshot.cache)
    add_cache(page, *snapshot.cache);
  if (snapshot.cache_disk)
    add_cache_disk(page, *snapshot.cache_disk);
  if (snapshot.memory)
    add_memory(page, *snapshot.memory);
  return std::move(page).take();
}

}  // namespace libagent
