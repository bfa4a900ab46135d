#include "apps/lab/io_batch.hpp"

#include "apps/lab/io_memory.hpp"

#include <algorithm>
#include <memory>
#include <utility>

namespace libagent::lab {

namespace {

// Far beyond what any of them needs: who is not answered by then never will be.
constexpr std::chrono::seconds batch_patience{120};

}  // namespace

std::string io_request(std::size_t index) {
  return std::to_string(index) + "\n";
}

std::string io_answer(std::size_t index) {
  return std::to_string(index) + " done";
}

io_batch::io_batch(std::size_t tasks) : entries_(tasks), left_{tasks} {}

void io_batch::begin() {
  begin_ = steady::now();
}

void io_batch::answered(std::size_t index, expected<std::string> line) {
  const auto now = steady::now();
  const std::lock_guard guard{mutex_};
  auto& noted = entries_[index];
  if (++noted.times > 1)
    return;
  noted.at = now;
  noted.line = std::move(line);
  if (--left_ == 0)
    all_answered_.notify_all();
}

void io_batch::wait(std::chrono::seconds longest) {
  std::unique_lock guard{mutex_};
  all_answered_.wait_for(guard, longest, [this] { return left_ == 0; });
}

void io_batch::add_to(io_outcome& outcome) {
  const std::lock_guard guard{mutex_};
  steady::duration wall{0};
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    const auto& seen = entries_[i];
    if (seen.times == 1 && seen.line.value_or("") == io_answer(i)) {
      wall = std::max(wall, seen.at - begin_);
      outcome.latencies_ms.push_back(
          std::chrono::duration<double, std::milli>(seen.at - begin_).count());
      continue;
    }
    if (outcome.wrong++ == 0) {
      outcome.first_problem =
          "task " + std::to_string(i) + " was answered " + std::to_string(seen.times) +
          " times, first with: " + (seen.line ? *seen.line : to_string(seen.line.error()));
    }
  }
  outcome.walls_ms.push_back(std::chrono::duration<double, std::milli>(wall).count());
}

io_outcome run_batches(const io_runner& run, std::size_t tasks, int rounds) {
  io_outcome outcome{.tasks = tasks};
  for (int round = 0; round < rounds; ++round) {
    const auto batch = std::make_shared<io_batch>(tasks);
    const auto before = begin_peak_measurement();
    const auto cpu_before = used_cpu_ms();
    batch->begin();
    run(batch, tasks);
    batch->wait(batch_patience);
    outcome.cpu_ms += used_cpu_ms() - cpu_before;
    outcome.memory_peak = std::max(outcome.memory_peak, peak_bytes_of("self"));
    outcome.memory_before = round == 0 ? before : std::min(outcome.memory_before, before);
    batch->add_to(outcome);
  }
  return outcome;
}

io_outcome computed_for_pool(std::size_t tasks, std::size_t threads,
                             std::chrono::milliseconds wait) {
  io_outcome outcome{.tasks = tasks, .is_computed = true};
  const auto turn_ms = static_cast<double>(wait.count());
  for (std::size_t i = 0; i < tasks; ++i) {
    const auto turn = i / threads + 1;  // Whole turns of all threads.
    outcome.latencies_ms.push_back(static_cast<double>(turn) * turn_ms);
  }
  outcome.walls_ms.push_back(outcome.latencies_ms.back());
  return outcome;
}

}  // namespace libagent::lab
