#include "libagent/adapters/worker_process.hpp"

#include "libagent/base/contract.hpp"

#include <cerrno>
#include <chrono>
#include <cstdio>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace libagent {

namespace {

constexpr std::size_t worker_count_max = 1024;

class process_tool final : public tool {
public:
  process_tool(std::shared_ptr<tool> inner, std::shared_ptr<worker_processes> pool)
      : inner_{std::move(inner)}, pool_{std::move(pool)} {}

  [[nodiscard]] const tool_spec& spec() const override { return inner_->spec(); }

  [[nodiscard]] const std::string& input_schema() const override { return inner_->input_schema(); }

  [[nodiscard]] const std::string& output_schema() const override {
    return inner_->output_schema();
  }

  [[nodiscard]] expected<void> check(const std::string& arguments_json) const override {
    return inner_->check(arguments_json);
  }

  [[nodiscard]] expected<std::string> run(const std::string& arguments_json,
                                          const tool_context& context) override {
    return pool_->run(spec().name, arguments_json, context);
  }

private:
  std::shared_ptr<tool> inner_;
  std::shared_ptr<worker_processes> pool_;
};

expected<void> check_worker_options(const worker_process_options& options) {
  const std::string what = "open worker processes: ";
  if (options.program.empty())
    return error{errc::invalid_argument, what + "no program is named"};
  if (options.count_max < 1 || options.count_max > worker_count_max) {
    return error{
        errc::invalid_argument,
        what + "the count is " + std::to_string(options.count_max) + ", allowed is 1 to 1024"};
  }
  if (options.nice < 0 || options.nice > 19) {
    return error{errc::invalid_argument,
                 what + "the niceness is " + std::to_string(options.nice) + ", allowed is 0 to 19"};
  }
  const auto procs = options.cgroup_dir + "/cgroup.procs";
  if (!options.cgroup_dir.empty() && ::access(procs.c_str(), W_OK) != 0) {
    return error{errc::io_failed,
                 what + "write " + procs + ": " + std::generic_category().message(errno)};
  }
  return check_sandbox(options.sandbox);
}

}  // namespace

worker_processes::worker_processes(worker_process_options options,
                                   std::shared_ptr<process_host> host)
    : options_{std::move(options)}, host_{std::move(host)} {
  child_options_ = {.program = options_.program,
                    .environment = options_.environment,
                    .limits = options_.limits,
                    .sandbox = options_.sandbox,
                    .cgroup_dir = options_.cgroup_dir,
                    .on_error_line = options_.on_error_line};
  if (!child_options_.on_error_line) {
    child_options_.on_error_line = [](const std::string& line) {
      std::fprintf(stderr, "%s\n", line.c_str());
    };
  }
}

expected<std::shared_ptr<worker_processes>> worker_processes::open(worker_process_options options) {
  if (auto sound = check_worker_options(options); !sound)
    return sound.error();
  auto host = process_host::open(options.policy, options.nice, options.work_dir);
  if (!host)
    return host.error();
  return std::shared_ptr<worker_processes>{
      new worker_processes{std::move(options), *std::move(host)}};
}

expected<std::string> worker_processes::run(const std::string& tool,
                                            const std::string& arguments_json,
                                            const tool_context& context) {
  auto child = acquire(tool, context);
  if (!child)
    return child.error();
  auto outcome = worker_run{**child, options_.patience, tool, context}.run(arguments_json);
  release(*std::move(child));
  return outcome;
}

expected<worker_processes::child_ptr> worker_processes::acquire(const std::string& tool,
                                                                const tool_context& context) {
  std::unique_lock lock{mutex_};
  const bool got = changed_.wait_until(lock, context.stop, context.deadline, [this] {
    return !idle_.empty() || present_ < options_.count_max;
  });
  if (context.stop.stop_requested())
    return error{errc::cancelled, "run " + tool + ": cancelled before a worker process was free"};
  if (!got)
    return error{errc::deadline_exceeded, "run " + tool + ": no worker process was free in time"};
  ++counts_.runs;
  if (!idle_.empty()) {
    auto child = std::move(idle_.back());
    idle_.pop_back();
    if (child->is_usable())
      return child;
    ++counts_.lost;
    --present_;
  }
  ++present_;
  lock.unlock();
  auto started = start();
  if (!started)
    release(nullptr);
  return started;
}

expected<worker_processes::child_ptr> worker_processes::start() {
  auto started = worker_child::start(*host_, child_options_);
  if (!started)
    return started.error();
  const std::lock_guard guard{mutex_};
  ++counts_.started;
  return started;
}

void worker_processes::release(child_ptr child) {
  {
    const bool usable = child && child->is_usable();
    const std::lock_guard guard{mutex_};
    if (usable) {
      idle_.push_back(std::move(child));
    } else {
      --present_;
      counts_.lost += child ? 1U : 0U;
    }
  }
  changed_.notify_one();
}

worker_process_counts worker_processes::counts() const {
  const std::lock_guard guard{mutex_};
  return counts_;
}

sandbox_status worker_processes::sandbox() const {
  auto status = status_of(options_.sandbox);
  status.memory_limit = status.memory_limit && options_.limits.memory_bytes != 0;
  return status;
}

std::shared_ptr<tool> in_worker_process(std::shared_ptr<tool> inner,
                                        std::shared_ptr<worker_processes> pool) {
  LIBAGENT_EXPECTS(inner != nullptr && pool != nullptr);
  LIBAGENT_EXPECTS(inner->spec().tool_isolation != isolation::async_call);
  return std::make_shared<process_tool>(std::move(inner), std::move(pool));
}

}  // namespace libagent
