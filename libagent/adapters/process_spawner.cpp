#include "libagent/adapters/process_spawner.hpp"

#include "libagent/adapters/thread_priority.hpp"

#include <csignal>
#include <spawn.h>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace libagent {

namespace {

std::vector<char*> spawn_pointers(std::vector<std::string>& words) {
  std::vector<char*> result;
  result.reserve(words.size() + 1);
  for (auto& word : words)
    result.push_back(word.data());
  result.push_back(nullptr);
  return result;
}

/// The settings of one posix_spawn. glibc starts the program with shared memory, like vfork does:
/// a fork would copy the page tables of a large process, and slow its writes down meanwhile.
class spawn_settings {
public:
  explicit spawn_settings(const spawn_order& order) {
    posix_spawnattr_init(&attributes_);
    posix_spawn_file_actions_init(&actions_);
    sigset_t none;
    sigset_t all;
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawnattr_setsigmask(&attributes_, &none);
    posix_spawnattr_setsigdefault(&attributes_, &all);
    posix_spawnattr_setflags(&attributes_,
                             POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    posix_spawn_file_actions_adddup2(&actions_, order.standard_streams, STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&actions_, order.standard_streams, STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&actions_, order.errors, STDERR_FILENO);
    posix_spawn_file_actions_addclosefrom_np(&actions_, STDERR_FILENO + 1);
  }

  spawn_settings(const spawn_settings&) = delete;
  spawn_settings& operator=(const spawn_settings&) = delete;

  ~spawn_settings() {
    posix_spawn_file_actions_destroy(&actions_);
    posix_spawnattr_destroy(&attributes_);
  }

  [[nodiscard]] const posix_spawnattr_t* attributes() const { return &attributes_; }

  [[nodiscard]] const posix_spawn_file_actions_t* actions() const { return &actions_; }

private:
  posix_spawnattr_t attributes_{};
  posix_spawn_file_actions_t actions_{};
};

expected<pid_t> spawn_now(const spawn_order& order) {
  auto words = order.words;
  auto environment = order.environment;
  const auto word_pointers = spawn_pointers(words);
  const auto environment_pointers = spawn_pointers(environment);
  const spawn_settings settings{order};
  pid_t pid = -1;
  const int failed =
      posix_spawnp(&pid, word_pointers.front(), settings.actions(), settings.attributes(),
                   word_pointers.data(), environment_pointers.data());
  if (failed != 0) {
    return error{errc::unavailable,
                 "start " + words.front() + ": " + std::generic_category().message(failed)};
  }
  return pid;
}

}  // namespace

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
  std::packaged_task<expected<pid_t>()> work{[this, &order]() -> expected<pid_t> {
    if (!lowered_)
      return lowered_.error();
    return spawn_now(order);
  }};
  auto started = work.get_future();
  {
    const std::lock_guard guard{mutex_};
    orders_.push_back(std::move(work));
  }
  changed_.notify_all();
  return started.get();
}

void process_spawner::serve(worker_policy policy, int nice) {
  lowered_ = lower_thread(policy, nice);
  std::unique_lock lock{mutex_};
  for (;;) {
    changed_.wait(lock, [this] { return ending_ || !orders_.empty(); });
    if (orders_.empty())
      return;
    auto work = std::move(orders_.front());
    orders_.pop_front();
    lock.unlock();
    work();
    lock.lock();
  }
}

}  // namespace libagent
