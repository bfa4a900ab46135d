#include "libagent/api/top_page.hpp"

#include "libagent/api/top_table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <utility>

namespace libagent {

namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;

constexpr std::size_t memory_bar_cells = 20;

/// Two statuses of a node and the time that lies between them.
class top_span {
public:
  top_span(const node_status& now, const node_status* before, duration between)
      : before_{before}, seconds_{std::chrono::duration<double>(between).count()} {
    if (before_ == nullptr || seconds_ <= 0 || now.uptime < before_->uptime) {
      before_ = nullptr;
      seconds_ = std::chrono::duration<double>(now.uptime).count();
    }
  }

  /// The earlier value of what `part_of` finds in a status; zero where there is none.
  template <class Part>
  [[nodiscard]] std::uint64_t earlier(Part part_of) const {
    return before_ == nullptr ? 0 : part_of(*before_);
  }

  [[nodiscard]] double rate(std::uint64_t now, std::uint64_t earlier) const {
    return now < earlier || seconds_ <= 0 ? 0 : static_cast<double>(now - earlier) / seconds_;
  }

private:
  const node_status* before_;
  double seconds_;
};

std::string rate_text(double rate) {
  return fmt::format("{:.{}f}", rate, rate < 1000 ? 1 : 0);
}

std::string time_text(microseconds length) {
  const auto us = static_cast<double>(length.count());
  if (us < 1'000)
    return fmt::format("{:.0f} us", us);
  return us < 1'000'000 ? fmt::format("{:.1f} ms", us / 1e3) : fmt::format("{:.1f} s", us / 1e6);
}

std::string bytes_text(std::uint64_t bytes) {
  static constexpr std::array units{"B", "KiB", "MiB", "GiB", "TiB"};
  auto value = static_cast<double>(bytes);
  std::size_t unit = 0;
  for (; value >= 1024 && unit + 1 < units.size(); ++unit)
    value /= 1024;
  return fmt::format("{:.{}f} {}", value, unit == 0 ? 0 : 1, units.at(unit));
}

std::string uptime_text(milliseconds length) {
  const auto minutes = std::chrono::duration_cast<std::chrono::minutes>(length).count();
  if (minutes == 0)
    return fmt::format("{} s", length.count() / 1000);
  if (minutes < 60)
    return fmt::format("{} min", minutes);
  return minutes < 48L * 60 ? fmt::format("{} h {:02} min", minutes / 60, minutes % 60)
                            : fmt::format("{} days", minutes / (24L * 60));
}

double share_of(std::uint64_t part, std::uint64_t whole) {
  return whole == 0 ? 0 : static_cast<double>(part) / static_cast<double>(whole);
}

void show_head(text_page& page, const node_status& now) {
  page.line(fmt::format("agent {}  {}  up {}", now.node, now.version, uptime_text(now.uptime)),
            line_tone::title);
}

table_row lane_row(const char* name, lane_status dispatcher_status::* lane, const node_status& now,
                   const top_span& span) {
  const auto& shown = (*now.dispatcher).*lane;
  const auto rate_of = [&](std::uint64_t lane_status::* count) {
    return span.rate(shown.*count, span.earlier([&](const node_status& status) {
      return status.dispatcher ? (*status.dispatcher).*lane.*count : 0;
    }));
  };
  const auto refused = rate_of(&lane_status::refused);
  return {{name, std::to_string(shown.queued), std::to_string(shown.running),
           time_text(milliseconds{static_cast<std::int64_t>(shown.oldest_ms)}),
           rate_text(rate_of(&lane_status::accepted)), rate_text(refused),
           std::to_string(shown.executors), std::to_string(shown.parked)},
          refused > 0 ? line_tone::warning : line_tone::plain};
}

void show_lanes(text_page& page, const node_status& now, const top_span& span) {
  append_table(page,
               {{"LANE", 12},
                {"QUEUED", 7},
                {"RUNNING", 7},
                {"OLDEST", 9},
                {"ACCEPTED/s", 10},
                {"REFUSED/s", 9},
                {"THREADS", 7, true},
                {"NO MEMORY", 9, true}},
               {lane_row("interactive", &dispatcher_status::interactive, now, span),
                lane_row("batch", &dispatcher_status::batch, now, span)});
}

std::uint64_t refusals_of(const node_status& status, const refusal_count& wanted) {
  if (!status.dispatcher)
    return 0;
  const auto found = std::ranges::find_if(status.dispatcher->refusals, [&](const auto& one) {
    return one.lane == wanted.lane && one.reason == wanted.reason;
  });
  return found == status.dispatcher->refusals.end() ? 0 : found->count;
}

void show_refusals(text_page& page, const node_status& now, const top_span& span) {
  std::vector<table_row> rows;
  for (const auto& refusal : now.dispatcher->refusals) {
    const auto rate = span.rate(refusal.count, span.earlier([&](const node_status& status) {
      return refusals_of(status, refusal);
    }));
    rows.push_back(
        {{refusal.lane + " " + refusal.reason, rate_text(rate), std::to_string(refusal.count)},
         rate > 0 ? line_tone::warning : line_tone::plain});
  }
  append_table(page, {{"REFUSED", 32}, {"NOW/s", 10}, {"SINCE START", 12}}, std::move(rows));
}

void show_ends(text_page& page, const node_status& now, const top_span& span) {
  const auto& ends = *now.dispatcher;
  const auto succeeded = span.rate(ends.succeeded, span.earlier([](const node_status& status) {
    return status.dispatcher ? status.dispatcher->succeeded : 0;
  }));
  page.line(fmt::format("{} succeeded/s; since the start {} failed, {} cancelled, {} expired, "
                        "{} dead, {} retried",
                        rate_text(succeeded), ends.failed, ends.cancelled, ends.expired, ends.dead,
                        ends.retried),
            line_tone::faint);
}

void show_limits(text_page& page, const node_status& now) {
  std::vector<table_row> rows;
  for (const auto& limit : now.dispatcher->limits) {
    rows.push_back(
        {{limit.name, std::to_string(limit.in_flight), std::to_string(limit.current),
          fmt::format("{}..{}", limit.floor, limit.ceiling), limit.frozen ? "frozen" : ""},
         limit.frozen ? line_tone::faint : line_tone::plain});
  }
  append_table(page, {{"LIMIT", 20}, {"RUNNING", 7}, {"ALLOWED", 7}, {"BOUNDS", 12}, {"", 6}},
               std::move(rows));
}

line_tone tone_of(pressure_level level) {
  if (level == pressure_level::normal)
    return line_tone::plain;
  return level < pressure_level::critical ? line_tone::warning : line_tone::alarm;
}

void show_memory(text_page& page, const memory_status& memory) {
  const auto share = share_of(memory.used_bytes, memory.budget_bytes);
  const auto filled = static_cast<std::size_t>(
      std::lround(std::min(share, 1.0) * static_cast<double>(memory_bar_cells)));
  auto text =
      fmt::format("MEMORY  {}  [{:#<{}}{:.<{}}] {:.0f}%  {} of {}, reserved {}, peak {}",
                  name_of(memory.level), "", filled, "", memory_bar_cells - filled, share * 100,
                  bytes_text(memory.used_bytes), bytes_text(memory.budget_bytes),
                  bytes_text(memory.reserved_bytes), bytes_text(memory.peak_bytes));
  if (memory.level != pressure_level::normal)
    text += fmt::format(", because of {}", name_of(memory.cause));
  page.line(text, tone_of(memory.level));
  const auto& done = memory.actions;
  if (done == memory_actions{})
    return;
  page.line(fmt::format("        {} trimmed, {} set back, {} ended, reserve given up {} times, "
                        "{} allocations failed",
                        done.trims, done.preempted, done.cancelled, done.reserve_released,
                        done.allocation_failures),
            line_tone::faint);
}

struct cache_asked {
  std::uint64_t served;
  std::uint64_t all;
};

cache_asked asked_of(const cache_stats& cache) {
  const auto served = cache.hits + cache.stale_served + cache.failure_served + cache.shared_flights;
  return {served, served + cache.misses};
}

void show_cache(text_page& page, const node_status& now, const top_span& span) {
  const auto [served, all] = asked_of(*now.cache);
  const auto part = [&](std::uint64_t cache_asked::* count) {
    return span.earlier([&](const node_status& status) {
      return status.cache ? asked_of(*status.cache).*count : 0;
    });
  };
  const auto served_before = std::min(part(&cache_asked::served), served);
  const auto all_before = std::min(part(&cache_asked::all), all);
  const auto recent =
      all == all_before
          ? std::string{"nothing asked"}
          : fmt::format("{:.1f}% served", 100 * share_of(served - served_before, all - all_before));
  page.line(fmt::format("CACHE   {} now, {:.1f}% since the start; {} of {} in {} entries ({})",
                        recent, 100 * share_of(served, all), bytes_text(now.cache->charged_bytes),
                        bytes_text(now.cache->capacity_bytes), now.cache->entries,
                        now.cache->policy));
}

void show_tools(text_page& page, const std::vector<tool_time>& tools) {
  std::vector<table_row> rows;
  rows.reserve(tools.size());
  for (const auto& time : tools) {
    rows.push_back(
        {{time.tool, time_text(time.mean), time_text(time.p90), std::to_string(time.runs),
          std::to_string(time.stalls), time_text(time.longest), time.moved ? "moved" : ""},
         time.moved ? line_tone::warning : line_tone::plain});
  }
  append_table(page,
               {{"SLOWEST TOOLS", 24},
                {"MEAN", 9},
                {"P90", 9},
                {"RUNS", 8},
                {"STALLS", 7, true},
                {"LONGEST", 9, true},
                {"", 5, true}},
               std::move(rows));
}

}  // namespace

std::string render_top(const node_status& now, const node_status* before, duration between,
                       terminal_size size, text_style style) {
  text_page page{std::max<std::size_t>(size.columns, 1), size.rows, style};
  const top_span span{now, before, between};
  show_head(page, now);
  if (now.dispatcher) {
    show_lanes(page, now, span);
    show_ends(page, now, span);
    show_refusals(page, now, span);
    show_limits(page, now);
  } else {
    page.line("the dispatcher does not answer", line_tone::alarm);
  }
  if (now.memory)
    show_memory(page, *now.memory);
  if (now.cache)
    show_cache(page, now, span);
  if (now.dispatcher)
    show_tools(page, now.dispatcher->slowest);
  return page.text();
}

}  // namespace libagent
