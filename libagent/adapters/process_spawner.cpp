#include "libagent/adapters/process_spawner.hpp"

#include "libagent/adapters/thread_priority.hpp"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <memory>
#include <sched.h>
#include <sstream>
#include <string_view>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <system_error>
#include <unistd.h>
#include <utility>

#ifdef __SANITIZE_THREAD__
// glibc's second name of clone. Under the usual one ThreadSanitizer takes the child for a copy of
// the process and stops watching what the calling thread does, here in the memory that they share.
extern "C" int __clone(int (*run)(void*), void* stack, int flags, void* argument, ...) noexcept;
#endif

namespace libagent {

namespace {

#ifdef __SANITIZE_THREAD__
constexpr auto& clone_thread = __clone;
#else
constexpr auto& clone_thread = ::clone;
#endif

constexpr std::size_t child_stack_bytes = std::size_t{128} << 10U;

std::vector<char*> spawn_pointers(std::vector<std::string>& words) {
  std::vector<char*> result;
  result.reserve(words.size() + 1);
  for (auto& word : words)
    result.push_back(word.data());
  result.push_back(nullptr);
  return result;
}

/// What a child needs until it is the program, all made before, and where it failed. The child
/// shares memory with this process: it must not allocate, lock or return.
struct spawn_plan {
  const spawn_order& order;
  char* const* words;
  char* const* environment;
  const char* failed_step = nullptr;
  int failure = 0;
};

bool take_stream(int from, int to) {
  return ::dup2(from, to) == to;
}

bool reset_signals() {
  struct sigaction usual{};
  usual.sa_handler = SIG_DFL;
  for (int number = 1; number < NSIG; ++number)
    ::sigaction(number, &usual, nullptr);  // some are not ours to set, and stay usual anyway
  return true;
}

bool enter_group(int procs) {
  return procs < 0 || ::write(procs, "0", 1) == 1;
}

bool enter_folder(const std::string& folder) {
  return folder.empty() || ::chdir(folder.c_str()) == 0;
}

bool take_limits(const std::vector<resource_limit>& limits) {
  for (const auto& limit : limits) {
    const rlimit values{.rlim_cur = limit.soft, .rlim_max = limit.hard};
    if (::setrlimit(limit.resource, &values) != 0)
      return false;
  }
  return true;
}

bool take_file_rules(const sandbox_rules& rules) {
  if (rules.no_new_privileges && ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
    return false;
  return !rules.files.is_open() || ::syscall(SYS_landlock_restrict_self, rules.files.get(), 0) == 0;
}

bool take_call_rules(const sandbox_rules& rules) {
  if (rules.calls.empty())
    return true;
  sock_fprog program{.len = static_cast<unsigned short>(rules.calls.size()),
                     .filter = const_cast<sock_filter*>(rules.calls.data())};
  return ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

bool close_others() {
  ::closefrom(STDERR_FILENO + 1);
  return true;
}

bool unblock_signals() {
  sigset_t none;
  sigemptyset(&none);
  return ::sigprocmask(SIG_SETMASK, &none, nullptr) == 0;
}

/// In the child. The order matters: a handler must not run in shared memory, a group's file must
/// be open and writable, and after the rules nothing else may be needed.
bool prepare_child(spawn_plan& plan) {
  const auto& order = plan.order;
  const auto step = [&plan](const char* name, bool done) {
    if (!done) {
      plan.failed_step = name;
      plan.failure = errno;
    }
    return done;
  };
  return step("reset signals", reset_signals()) && step("open a session", ::setsid() >= 0) &&
         step("die with its owner", ::prctl(PR_SET_PDEATHSIG, SIGKILL) == 0) &&
         step("enter a control group", enter_group(order.group)) &&
         step("take its input", take_stream(order.input, STDIN_FILENO)) &&
         step("take its output", take_stream(order.output, STDOUT_FILENO)) &&
         step("take its error output", take_stream(order.errors, STDERR_FILENO)) &&
         step("enter its folder", enter_folder(order.folder)) &&
         step("limit its resources", take_limits(order.limits)) &&
         step("restrict its files", take_file_rules(order.rules)) &&
         step("close other files", close_others()) &&
         step("restrict its calls", take_call_rules(order.rules)) &&
         step("unblock signals", unblock_signals());
}

int become_program(void* argument) {
  auto& plan = *static_cast<spawn_plan*>(argument);
  if (prepare_child(plan)) {
    ::execve(plan.order.program.c_str(), plan.words, plan.environment);
    plan.failure = errno;
  }
  ::_exit(127);
}

/// Starts the child and waits until it is the program or has failed. As vfork does, but on a stack
/// of its own, so that it cannot spoil this one's frames: that is also how posix_spawn works, which
/// knows nothing of limits and rules. A fork would copy the page tables of a large process, and
/// slow its writes down meanwhile.
pid_t clone_child(spawn_plan& plan) {
  // NOLINTNEXTLINE(modernize-avoid-c-arrays): not to be cleared, as a vector would be
  const auto stack = std::make_unique_for_overwrite<std::byte[]>(child_stack_bytes);
  auto* const end = stack.get() + child_stack_bytes;
  auto* const top = end - (reinterpret_cast<std::uintptr_t>(end) % 16);
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  ::pthread_sigmask(SIG_BLOCK, &all, &before);
  const pid_t pid = clone_thread(become_program, top, CLONE_VM | CLONE_VFORK | SIGCHLD, &plan);
  const int failure = errno;
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  errno = failure;
  return pid;
}

error start_error(const spawn_order& order, const char* step, int failure) {
  auto text = "start " + order.program + ": ";
  if (step != nullptr)
    text += std::string{step} + ": ";
  return {errc::unavailable, text + std::generic_category().message(failure)};
}

expected<pid_t> spawn_now(const spawn_order& order) {
  auto words = order.words;
  auto environment = order.environment;
  const auto word_pointers = spawn_pointers(words);
  const auto environment_pointers = spawn_pointers(environment);
  spawn_plan plan{
      .order = order, .words = word_pointers.data(), .environment = environment_pointers.data()};
  const pid_t pid = clone_child(plan);
  if (pid < 0)
    return start_error(order, nullptr, errno);
  if (plan.failure != 0) {
    ::waitpid(pid, nullptr, 0);
    return start_error(order, plan.failed_step, plan.failure);
  }
  return pid;
}

std::string path_in(const std::vector<std::string>& environment) {
  constexpr std::string_view name = "PATH=";
  const auto entry = std::ranges::find_if(
      environment, [name](const std::string& each) { return each.starts_with(name); });
  return entry == environment.end() ? "/usr/bin:/bin" : entry->substr(name.size());
}

bool is_program(const std::string& file) {
  struct stat about{};
  return ::stat(file.c_str(), &about) == 0 && S_ISREG(about.st_mode) &&
         ::access(file.c_str(), X_OK) == 0;
}

}  // namespace

expected<std::string> find_program(const std::string& name,
                                   const std::vector<std::string>& environment) {
  if (name.find('/') != std::string::npos)
    return std::filesystem::absolute(name).string();
  std::istringstream folders{path_in(environment)};
  for (std::string folder; std::getline(folders, folder, ':');) {
    auto file = (folder.empty() ? "." : folder) + "/" + name;
    if (is_program(file))
      return std::filesystem::absolute(file).string();
  }
  return error{errc::unavailable, "start " + name + ": it is in no folder of PATH"};
}

process_spawner::process_spawner(worker_policy policy, int nice)
    : thread_{[this, policy, nice] { serve(policy, nice); }} {}

process_spawner::~process_spawner() {
  {
    const std::lock_guard guard{mutex_};
    ending_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

expected<pid_t> process_spawner::spawn(const spawn_order& order) {
  pending_start start{.order = order, .started = {}};
  std::unique_lock lock{mutex_};
  orders_.push_back(&start);
  changed_.notify_all();
  changed_.wait(lock, [&start] { return start.started.has_value(); });
  return *std::move(start.started);
}

void process_spawner::serve(worker_policy policy, int nice) {
  lowered_ = lower_thread(policy, nice);
  std::unique_lock lock{mutex_};
  for (;;) {
    changed_.wait(lock, [this] { return ending_ || !orders_.empty(); });
    if (orders_.empty())
      return;
    auto* const start = orders_.front();
    orders_.pop_front();
    lock.unlock();
    auto started = lowered_ ? spawn_now(start->order) : expected<pid_t>{lowered_.error()};
    lock.lock();
    start->started = std::move(started);
    changed_.notify_all();
  }
}

}  // namespace libagent
