#include "libagent/adapters/supervised_process.hpp"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <fstream>
#include <poll.h>
#include <string_view>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace libagent {

namespace {

using std::chrono::milliseconds;
using process_clock = std::chrono::steady_clock;

/// After SIGKILL only a process that hangs in the kernel takes longer.
constexpr milliseconds reap_patience{1000};
constexpr milliseconds count_interval{20};
/// Counting looks at each process of the machine: on one with many it takes at most this share.
constexpr int count_cost_factor = 50;

void set_variable(std::vector<std::string>& environment, const std::string& name,
                  const std::string& value) {
  const auto prefix = name + "=";
  std::erase_if(environment,
                [&prefix](const std::string& entry) { return entry.starts_with(prefix); });
  environment.push_back(prefix + value);
}

std::uint64_t peak_of(const rusage& used) {
  // The kernel hands the peak of the memory that was shared before exec on to the child. So a peak
  // that is no higher than this process's own says nothing.
  rusage own{};
  ::getrusage(RUSAGE_SELF, &own);
  return used.ru_maxrss > own.ru_maxrss ? static_cast<std::uint64_t>(used.ru_maxrss) << 10U : 0;
}

}  // namespace

expected<std::shared_ptr<process_host>> process_host::open(worker_policy policy, int nice,
                                                           const std::filesystem::path& base) {
  auto folders = work_folders::open(base);
  if (!folders)
    return folders.error();
  // NOLINTNEXTLINE(modernize-make-shared): what cannot be moved is made in its place
  return std::shared_ptr<process_host>{
      new process_host{.spawner = {policy, nice}, .folders = *std::move(folders)}};
}

supervised_process::supervised_process(const process_limits& limits, std::uint64_t tag)
    : limits_{limits}, family_{tag} {}

expected<std::unique_ptr<supervised_process>> supervised_process::start(
    process_host& host, const process_order& order) {
  std::unique_ptr<supervised_process> process{
      new supervised_process{order.limits, host.folders->next_tag()}};
  if (auto begun = process->begin(host, order); !begun)
    return begun.error();
  return process;
}

expected<void> supervised_process::begin(process_host& host, const process_order& order) {
  const auto program = find_program(order.words.front(), order.environment);
  if (!program)
    return program.error();
  if (order.sandbox.own_folder) {
    auto made = host.folders->make();
    if (!made)
      return made.error();
    folder_ = *std::move(made);
  }
  const auto folder = folder_.path().string();
  if (limits_.processes != 0 && order.sandbox.control_group && pids_groups_work())
    group_ = pids_group::make(limits_.processes);
  counts_ = limits_.processes != 0 && !group_;
  auto rules = make_sandbox_rules(order.sandbox,
                                  {.program = *program, .folder = folder, .keep_group = counts_});
  if (!rules)
    return rules.error();
  spawn_order spawned{.program = *program,
                      .words = order.words,
                      .environment = order.environment,
                      .input = order.input,
                      .output = order.output,
                      .errors = order.errors,
                      .folder = order.sandbox.start_in_folder ? folder : std::string{},
                      .limits = resource_limits_of(limits_, order.cpu_counted),
                      .rules = *std::move(rules),
                      .group = group_ ? group_->procs() : -1};
  if (family_.tag() != 0)
    spawned.limits.push_back({RLIMIT_LOCKS, family_.tag(), family_.tag()});
  if (!folder.empty())
    set_variable(spawned.environment, "TMPDIR", folder);
  if (!spawned.folder.empty())
    set_variable(spawned.environment, "HOME", folder);
  const auto started = host.spawner.spawn(spawned);
  if (!started)
    return started.error();
  pid_ = *started;
  // Nobody else reaps it, so its number cannot be another process's by now.
  pidfd_ = owned_descriptor{static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0))};
  if (!pidfd_.is_open()) {
    return error{errc::io_failed, "watch process " + std::to_string(pid_) + ": " +
                                      std::generic_category().message(errno)};
  }
  next_count_ = process_clock::now() + count_interval;
  lower_its_worth();
  return {};
}

/// Better it than the process whose tasks it runs, when memory runs out. Not critical where
/// forbidden.
void supervised_process::lower_its_worth() const {
  std::ofstream{"/proc/" + std::to_string(pid_) + "/oom_score_adj"} << 500;
}

supervised_process::~supervised_process() {
  (void)end();
}

bool supervised_process::has_ended() const {
  pollfd watched{.fd = pidfd_.get(), .events = POLLIN, .revents = 0};
  return ended_ || ::poll(&watched, 1, 0) != 0;
}

void supervised_process::signal(int number) const {
  if (pid_ > 0 && !ended_)
    ::kill(-pid_, number);  // its group is its session's first, see `process_spawner::spawn`
}

time_point supervised_process::next_count(time_point until) const {
  return counts_ ? std::min(until, next_count_) : until;
}

bool supervised_process::is_crowded(time_point now) {
  if (!counts_ || now < next_count_)
    return false;
  const auto count = family_.count();
  const auto after = process_clock::now();
  next_count_ = after + std::max<duration>(count_interval, (after - now) * count_cost_factor);
  return count > limits_.processes;
}

const process_end& supervised_process::end() {
  if (ended_)
    return *ended_;
  if (pid_ <= 0)
    return ended_.emplace();
  // The group dies at once, with what it is just about to start; it lives until it is reaped, so
  // this also finds those that outlived the process. Then those that left the group.
  signal(SIGKILL);
  (void)family_.kill_all(reap_patience);
  pollfd watched{.fd = pidfd_.get(), .events = POLLIN, .revents = 0};
  if (pidfd_.is_open())
    (void)::poll(&watched, 1, static_cast<int>(reap_patience.count()));
  int status = 0;
  rusage used{};
  process_end seen;
  if (::wait4(pid_, &status, WNOHANG, &used) == pid_)
    seen = {.status = status, .peak_bytes = peak_of(used)};
  group_.reset();
  folder_.remove();
  return ended_.emplace(seen);
}

}  // namespace libagent
