#pragma once

#include "libagent/record/field.hpp"
#include "libagent/tasks/circuit_breaker.hpp"

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace libagent {

/// Counters and gauges of the dispatcher, for metrics and for people.
struct refusal_count {
  std::string lane;
  std::string reason;
  std::uint64_t count = 0;
};

template <class Inspector>
bool inspect(Inspector& f, refusal_count& x) {
  return record(f, x, "refusal_count", field("lane", "Of the lane.", x.lane),
                field("reason", "Why: invalid, queue_full, queue_wait, deadline, ...", x.reason),
                field("count", "Since the start.", x.count));
}

/// How many tasks may run at a time somewhere, and what decides it.
struct limit_status {
  std::string name;  ///< `batch`, or the resource that io-bound batch tools share.
  std::uint32_t current = 0;
  std::uint32_t floor = 0;
  std::uint32_t ceiling = 0;
  std::uint32_t in_flight = 0;
  bool frozen = false;  ///< Something else limits now, so nothing is tried.
};

template <class Inspector>
bool inspect(Inspector& f, limit_status& x) {
  return record(f, x, "limit_status", field("name", "What it limits.", x.name),
                field("current", "Tasks that may run at a time now.", x.current),
                field("floor", "It never falls below.", x.floor),
                field("ceiling", "It never rises above.", x.ceiling),
                field("in_flight", "Running now.", x.in_flight),
                field("frozen", "Something else limits now.", x.frozen));
}

/// How long a tool's runs take, and whether it held handlers too long.
struct tool_time {
  std::string tool;
  std::uint64_t runs = 0;
  std::chrono::microseconds mean{0};
  std::chrono::microseconds p90{0};
  std::chrono::microseconds longest{0};
  std::uint64_t stalls = 0;              ///< Runs that held a handler over a millisecond.
  std::chrono::microseconds stalled{0};  ///< Their time, summed.
  bool moved = false;                    ///< To the batch lane, until the next start.
};

template <class Inspector>
bool inspect(Inspector& f, tool_time& x) {
  return record(f, x, "tool_time", field("tool", "Its name.", x.tool),
                field("runs", "Runs that were measured.", x.runs),
                field("mean_us", "Mean of recent runs.", x.mean),
                field("p90_us", "90th percentile of recent runs.", x.p90),
                field("longest_us", "Longest run.", x.longest),
                field("stalls", "Runs that held a handler over a millisecond.", x.stalls),
                field("stalled_us", "How long those held one, summed.", x.stalled),
                field("moved", "It runs in the batch lane now, because of that.", x.moved));
}

struct lane_status {
  std::uint64_t queued = 0;
  std::uint64_t running = 0;
  std::uint64_t executors = 0;
  std::uint64_t accepted = 0;
  std::uint64_t refused = 0;
  std::uint64_t oldest_ms = 0;  ///< How long the oldest waiting task has waited.
  std::uint64_t parked = 0;     ///< Of the waiting ones: those that wait for memory.
};

template <class Inspector>
bool inspect(Inspector& f, lane_status& x) {
  return record(f, x, "lane_status", field("queued", "Waiting now.", x.queued),
                field("running", "Running now.", x.running),
                field("executors", "Handlers or workers known now.", x.executors),
                field("accepted", "Tasks accepted since the start.", x.accepted),
                field("refused", "Tasks refused since the start.", x.refused),
                field("oldest_ms", "How long the oldest has waited.", x.oldest_ms),
                field("parked", "Those of the waiting that wait for memory.", x.parked));
}

struct dispatcher_status {
  lane_status interactive;
  lane_status batch;
  std::uint64_t records = 0;  ///< Tasks that can be looked up, ended ones included.
  std::uint64_t succeeded = 0;
  std::uint64_t failed = 0;
  std::uint64_t cancelled = 0;
  std::uint64_t expired = 0;
  std::uint64_t dead = 0;
  std::uint64_t retried = 0;           ///< Attempts begun again after an executor was lost.
  std::uint64_t late = 0;              ///< Answers refused because their attempt was over already.
  std::uint64_t preempted = 0;         ///< Set back to save memory.
  std::uint64_t ended_for_memory = 0;  ///< Ended to save memory.
  std::vector<refusal_count> refusals;
  std::vector<limit_status> limits;
  std::vector<tool_time> slowest;        ///< The 20 with the highest p90, and all that stalled.
  std::vector<breaker_status> breakers;  ///< Of tools that failed lately.
};

template <class Inspector>
bool inspect(Inspector& f, dispatcher_status& x) {
  return record(f, x, "dispatcher_status",
                field("interactive", "The lane of short tasks.", x.interactive),
                field("batch", "The lane of long tasks.", x.batch),
                field("records", "Tasks that can be looked up.", x.records),
                field("succeeded", "Ended with a result.", x.succeeded),
                field("failed", "Ended with an error of the tool.", x.failed),
                field("cancelled", "Ended by a cancel.", x.cancelled),
                field("expired", "Ended by their deadline.", x.expired),
                field("dead", "Given up; kept for a person.", x.dead),
                field("retried", "Attempts begun again after a crash.", x.retried),
                field("late", "Answers that came too late and were refused.", x.late),
                field("preempted", "Tasks set back to save memory.", x.preempted),
                field("ended_for_memory", "Tasks ended to save memory.", x.ended_for_memory),
                field("refusals", "Refused submits by lane and reason.", x.refusals),
                field("limits", "How many tasks may run at a time.", x.limits),
                field("slowest", "The slowest tools.", x.slowest),
                field("breakers", "Tools that failed lately.", x.breakers));
}

}  // namespace libagent
