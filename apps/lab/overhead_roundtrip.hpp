#pragma once

#include "apps/lab/report.hpp"

#include <cstddef>
#include <cstdint>
#include <string>

namespace libagent::lab {

struct roundtrip_options {
  std::size_t warm_up = 2'000;
  std::size_t samples = 20'000;     ///< Of each latency, one after the other.
  std::size_t window = 64;          ///< Tasks under way while throughput is measured.
  std::string policy = "polling";   ///< See `actors::actor_system_options`.
  std::size_t max_throughput = 50;  ///< Messages per turn of an actor.
  std::uint32_t handler_credit = 8;
};

/// Round trips in microseconds, and throughputs per second. "Bare" is a CAF request that an actor
/// answers at once; "task" is a trivial inline tool run through the dispatcher.
struct roundtrip_result {
  quantiles bare_pooled_us;    ///< Asked of an actor on CAF's scheduler.
  quantiles bare_detached_us;  ///< Asked of an actor with its own thread.
  quantiles relay_us;          ///< Through a detached actor to a pooled one: the task's hops, bare.
  quantiles task_us;
  double bare_per_s = 0;
  double relay_per_s = 0;
  double task_per_s = 0;

  /// The task against the bare request between two pooled actors.
  [[nodiscard]] double ratio() const { return task_us.p50 / bare_pooled_us.p50; }

  /// The task against the same number of hops without any work.
  [[nodiscard]] double ratio_to_hops() const { return task_us.p50 / relay_us.p50; }
};

/// Measures in an actor system of its own, all kinds taking turns so that a noisy machine hits
/// them alike. Takes a few seconds.
[[nodiscard]] roundtrip_result measure_roundtrip(const roundtrip_options& options);

/// Bytes of resident memory per task, by 100,000 tasks of a trivial tool.
struct task_memory_result {
  std::size_t tasks = 0;
  std::uint64_t idle_bytes = 0;    ///< Resident before.
  std::uint64_t queued_bytes = 0;  ///< Resident with all of them waiting.
  std::uint64_t ended_bytes = 0;   ///< Resident with all of them ended and kept.
};

[[nodiscard]] task_memory_result measure_task_memory(std::size_t tasks);

/// All of the above, as tables, aims and notes.
void measure_tasks(report& into, const lab_options& options);

}  // namespace libagent::lab
