#pragma once

#include "libagent/record/field.hpp"

#include <cstdint>

namespace libagent {

/// Counters and gauges of the dispatcher, for metrics and for people.
struct lane_status {
  std::uint64_t queued = 0;
  std::uint64_t running = 0;
  std::uint64_t executors = 0;
  std::uint64_t accepted = 0;
  std::uint64_t refused = 0;
};

template <class Inspector>
bool inspect(Inspector& f, lane_status& x) {
  return record(f, x, "lane_status", field("queued", "Waiting now.", x.queued),
                field("running", "Running now.", x.running),
                field("executors", "Handlers or workers known now.", x.executors),
                field("accepted", "Tasks accepted since the start.", x.accepted),
                field("refused", "Tasks refused since the start.", x.refused));
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
  std::uint64_t retried = 0;  ///< Attempts begun again after an executor was lost.
  std::uint64_t late = 0;     ///< Answers refused because their attempt was over already.
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
                field("late", "Answers that came too late and were refused.", x.late));
}

}  // namespace libagent
