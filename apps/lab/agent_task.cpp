#include "apps/lab/agent_task.hpp"

#include "libagent/base/random.hpp"
#include "libagent/record/field.hpp"
#include "libagent/tools/make_tool.hpp"

#include <algorithm>
#include <cstring>
#include <string>
#include <unistd.h>
#include <utility>

namespace libagent::lab {

struct agent_task_input {
  std::uint64_t seed = 1;
};

template <class Inspector>
bool inspect(Inspector& f, agent_task_input& x) {
  return record(f, x, "agent_task_input", field("seed", "Of the block sizes.", x.seed));
}

struct agent_task_result {
  std::uint64_t checksum = 0;
};

template <class Inspector>
bool inspect(Inspector& f, agent_task_result& x) {
  return record(f, x, "agent_task_result", field("checksum", "Of what was read.", x.checksum));
}

namespace {

using steady = std::chrono::steady_clock;
using block_list = agent_task_leftovers;

constexpr std::size_t tensor_bytes = std::size_t{10} << 20U;
constexpr std::size_t activation_bytes = std::size_t{96} << 10U;
constexpr std::size_t small_bytes_min = 1024;
constexpr std::size_t small_bytes_max = 8192;
constexpr std::size_t kept_of = 1000;
constexpr int layers = 12;

/// Blocks of memory of one kind. All of them are written to.
class workspace {
public:
  void add(std::size_t bytes) {
    blocks_.push_back(std::make_unique<char[]>(bytes));  // NOLINT(modernize-avoid-c-arrays)
    sizes_.push_back(bytes);
    std::memset(blocks_.back().get(), static_cast<int>(blocks_.size() % 127 + 1), bytes);
    total_ += bytes;
  }

  void fill(std::uint64_t bytes, std::size_t each) {
    while (total_ < bytes)
      add(each);
  }

  void fill_with_small_blocks(std::uint64_t bytes, seeded_random& random) {
    while (total_ < bytes)
      add(small_bytes_min + random() % (small_bytes_max - small_bytes_min));
  }

  /// Reads one byte of every page, starting anew as long as there is time.
  std::uint64_t read_until(steady::time_point end) const {
    std::uint64_t sum = 0;
    do {
      for (std::size_t i = 0; i < blocks_.size(); ++i) {
        for (std::size_t at = 0; at < sizes_[i]; at += 4096)
          sum += static_cast<unsigned char>(blocks_[i][at]);
      }
    } while (steady::now() < end);
    return sum;
  }

  void shrink_to(std::uint64_t bytes) {
    while (total_ > bytes && !blocks_.empty()) {
      total_ -= sizes_.back();
      blocks_.pop_back();
      sizes_.pop_back();
    }
  }

  /// Frees all but one block in a thousand, which it moves to `kept`.
  void leave_behind(block_list& kept) {
    for (std::size_t i = 0; i < blocks_.size(); i += kept_of)
      kept.push_back(std::move(blocks_[i]));
    blocks_ = block_list{};
    sizes_ = std::vector<std::size_t>{};
    total_ = 0;
  }

private:
  block_list blocks_;
  std::vector<std::size_t> sizes_;
  std::uint64_t total_ = 0;
};

/// One run of the task.
class agent_task_run {
public:
  agent_task_run(const agent_task_sizes& sizes, std::uint64_t seed, const tool_context& context)
      : sizes_{sizes}, context_{context}, random_{seed} {}

  expected<agent_task_result> work(block_list& leftovers) {
    const std::array<void (agent_task_run::*)(), 4> steps{
        &agent_task_run::load, &agent_task_run::input, &agent_task_run::infer,
        &agent_task_run::respond};
    for (std::size_t i = 0; i < steps.size(); ++i) {
      begin(agent_task_phases[i]);
      (this->*steps[i])();
      if (context_.stop.stop_requested())
        return error{errc::cancelled, "run the agent task: stopped"};
    }
    begin(agent_task_phases.back());
    model_ = workspace{};
    activations_ = workspace{};
    input_.leave_behind(leftovers);
    response_.leave_behind(leftovers);
    wait();
    return agent_task_result{sum_};
  }

private:
  void begin(std::string_view phase) {
    context_.enter_phase(std::string{phase});
    end_ = steady::now() + sizes_.phase_time;
  }

  void load() {
    model_.fill(sizes_.model_bytes, tensor_bytes);
    sum_ += model_.read_until(end_);
  }

  void input() {
    input_.fill_with_small_blocks(sizes_.input_bytes, random_);
    sum_ += input_.read_until(end_);
  }

  // Layer by layer: up to the peak, and half of it freed again.
  void infer() {
    const auto before = sizes_.model_bytes + sizes_.input_bytes;
    const auto most = sizes_.peak_bytes - std::min(sizes_.peak_bytes, before);
    const auto begin = steady::now();
    for (int layer = 1; layer <= layers; ++layer) {
      activations_.fill(most * static_cast<std::uint64_t>(layer) / layers, activation_bytes);
      sum_ += model_.read_until(begin + sizes_.phase_time * layer / layers);
    }
    activations_.shrink_to(most / 2);
  }

  void respond() {
    response_.fill_with_small_blocks(sizes_.response_bytes, random_);
    sum_ += response_.read_until(end_);
  }

  // There is nothing left to read: let the samples of this phase be taken.
  void wait() const {
    while (steady::now() < end_ && !context_.stop.stop_requested())
      ::usleep(1'000);
  }

  const agent_task_sizes& sizes_;
  const tool_context& context_;
  seeded_random random_;
  workspace model_;
  workspace input_;
  workspace activations_;
  workspace response_;
  steady::time_point end_;
  std::uint64_t sum_ = 0;
};

}  // namespace

std::shared_ptr<tool> make_agent_task(const agent_task_sizes& sizes,
                                      std::shared_ptr<agent_task_leftovers> leftovers) {
  return make_tool({.name = "agent_task",
                    .description = "Loads a model, reads an input, infers, responds and cleans up.",
                    .tool_lane = lane::batch,
                    .tool_isolation = isolation::thread,
                    .memory_bytes = sizes.peak_bytes},
                   [sizes, leftovers = std::move(leftovers)](const agent_task_input& in,
                                                             const tool_context& context) {
                     return agent_task_run{sizes, in.seed, context}.work(*leftovers);
                   });
}

}  // namespace libagent::lab
