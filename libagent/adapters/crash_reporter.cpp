#include "libagent/adapters/crash_reporter.hpp"

#include "libagent/adapters/crash_report.hpp"
#include "libagent/adapters/owned_descriptor.hpp"
#include "libagent/adapters/running_task_mark.hpp"
#include "libagent/adapters/signal_safe_text.hpp"

#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <execinfo.h>
#include <fcntl.h>
#include <string>
#include <sys/file.h>
#include <system_error>
#include <time.h>
#include <unistd.h>
#include <utility>

namespace libagent {

namespace {

struct reported_signal {
  int number;
  std::string_view name;
};

constexpr std::array<reported_signal, crash_reporter::signal_count> reported_signals{
    {{SIGSEGV, "SIGSEGV"},
     {SIGBUS, "SIGBUS"},
     {SIGFPE, "SIGFPE"},
     {SIGILL, "SIGILL"},
     {SIGABRT, "SIGABRT"}}};

/// Space that is taken for a report beforehand.
constexpr off_t reserved_bytes = off_t{32} << 10U;

/// How long finding the calls may take before the process is ended all the same.
constexpr unsigned backtrace_seconds_max = 5;

// A signal handler is a plain function without an argument of ours, so what it uses has to be
// global: this, and the marks of each thread.
struct crash_state {
  std::atomic<bool> is_taken{false};
  std::atomic<int> file{-1};  // open while there is a reporter
  std::atomic<pid_t> pid{0};
  std::atomic<bool> is_reporting{false};
  std::array<struct sigaction, crash_reporter::signal_count> former{};
};

constinit crash_state the_state;

std::size_t position_of_signal(int signal) {
  std::size_t index = 0;
  while (index + 1 < reported_signals.size() && reported_signals[index].number != signal)
    ++index;
  return index;
}

/// Whether this process has a file for its report and nobody else writes to it.
bool claim_report() {
  return the_state.file.load() >= 0 && the_state.pid.load() == ::getpid() &&
         !the_state.is_reporting.exchange(true);
}

void write_out(std::string_view text) {
  while (!text.empty()) {
    const auto count = ::write(the_state.file.load(), text.data(), text.size());
    if (count <= 0)
      return;
    text.remove_prefix(static_cast<std::size_t>(count));
  }
}

std::uint64_t milliseconds_since_epoch() {
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  return static_cast<std::uint64_t>(now.tv_sec) * 1000U +
         static_cast<std::uint64_t>(now.tv_nsec) / 1'000'000U;
}

/// Everything but the calls, which may not come to an end.
void write_facts(const signal_safe_text& signal, std::uintptr_t address, const marked_task* task) {
  signal_safe_text text;
  text.add(crash_report_title).add("\nsignal ").add(signal.view());
  text.add("\ntime ").add_number(milliseconds_since_epoch());
  text.add("\npid ").add_number(static_cast<std::uint64_t>(::getpid()));
  text.add("\naddress 0x").add_number(address, 16);
  if (task != nullptr) {
    text.add("\ntask ").add_id(task->id);
    text.add("\ntarget ").add_on_one_line({task->target.data(), task->target_bytes});
  }
  write_out(text.add("\n").view());
}

void write_calls() {
  std::array<void*, 64> calls{};
  write_out("backtrace\n");
  // A crash within the loader can leave it locked; SIGALRM's default action ends the wait then.
  struct sigaction fatal{};
  fatal.sa_handler = SIG_DFL;
  ::sigaction(SIGALRM, &fatal, nullptr);
  ::alarm(backtrace_seconds_max);
  const int count = ::backtrace(calls.data(), static_cast<int>(calls.size()));
  ::backtrace_symbols_fd(calls.data(), count, the_state.file.load());
  ::alarm(0);
}

bool has_address(int signal) {
  return signal != SIGABRT;
}

/// Lets happen what would have happened without us, once the handler has returned.
void hand_on(int signal, const siginfo_t& info) {
  const auto& former = the_state.former[position_of_signal(signal)];
  ::sigaction(signal, &former, nullptr);
  const bool is_default = (former.sa_flags & SA_SIGINFO) == 0 && former.sa_handler == SIG_DFL;
  // A faulty instruction is run again, and faults again, with all that a former handler wants to
  // know about it. The default action needs no details, and the signal may have been sent.
  if (is_default || info.si_code <= 0)
    ::raise(signal);
}

extern "C" void libagent_on_crash(int signal, siginfo_t* info, void* /*context*/) {
  if (the_state.is_reporting.load() && the_state.pid.load() == ::getpid()) {
    for (;;)
      ::pause();  // another thread is about to end the process
  }
  if (claim_report()) {
    signal_safe_text name;
    name.add(reported_signals[position_of_signal(signal)].name);
    const void* const address = has_address(signal) && info->si_code > 0 ? info->si_addr : nullptr;
    write_facts(name, reinterpret_cast<std::uintptr_t>(address), current_task_mark());
    write_calls();
  }
  hand_on(signal, *info);
}

// The other threads still use what the rest of exit would destroy, so it stops here.
extern "C" void libagent_on_exit(int status, void* /*unused*/) {
  const auto* const task = current_task_mark();
  if (task == nullptr || !claim_report())
    return;
  signal_safe_text name;
  name.add("exit(").add_number(static_cast<unsigned>(status) & 0xFFU).add(")");
  write_facts(name, 0, task);
  write_calls();
  ::_exit(status);
}

/// The first call loads a library, and a handler must not.
void warm_up_backtrace() {
  std::array<void*, 4> calls{};
  const owned_descriptor nowhere{::open("/dev/null", O_WRONLY | O_CLOEXEC)};
  const int count = ::backtrace(calls.data(), static_cast<int>(calls.size()));
  if (nowhere.is_open())
    ::backtrace_symbols_fd(calls.data(), count, nowhere.get());
}

/// The lock tells others that this process lives; unlike a process id it is not used again.
owned_descriptor make_report_file(const std::filesystem::path& file) {
  owned_descriptor made{::open(file.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600)};
  if (made.is_open() && ::flock(made.get(), LOCK_EX | LOCK_NB) != 0)
    made.reset();
  if (made.is_open()) {
    // Not every file system can; then a report needs a disk that is not full.
    (void)::fallocate(made.get(), FALLOC_FL_KEEP_SIZE, 0, reserved_bytes);
  }
  return made;
}

void watch_exit() {
  // It cannot be taken back, and does nothing while there is no reporter.
  [[maybe_unused]] static const int watched = ::on_exit(libagent_on_exit, nullptr);
}

struct sigaction crash_action() {
  struct sigaction action{};
  action.sa_sigaction = libagent_on_crash;
  action.sa_flags = SA_SIGINFO | SA_ONSTACK;
  // A second fault on this thread meanwhile finds its signal blocked: the kernel ends the process.
  ::sigfillset(&action.sa_mask);
  ::sigdelset(&action.sa_mask, SIGALRM);
  return action;
}

}  // namespace

expected<std::unique_ptr<crash_reporter>> install_crash_reporter(
    const std::filesystem::path& directory) {
  if (the_state.is_taken.exchange(true))
    return error{errc::already_exists, "report crashes: this process does so already"};
  std::error_code failed;
  std::filesystem::create_directories(directory, failed);
  const auto path = directory / ("crash-" + std::to_string(::getpid()) + "-" +
                                 std::to_string(milliseconds_since_epoch()) + ".txt");
  auto file = make_report_file(path);
  if (!file.is_open()) {
    const auto why = std::generic_category().message(errno);
    the_state.is_taken.store(false);
    return error{errc::io_failed, "make crash report " + path.string() + ": " + why};
  }
  // The constructor is private, so make_unique cannot reach it.
  std::unique_ptr<crash_reporter> made{new crash_reporter{path, std::move(file)}};
  the_state.pid.store(::getpid());
  the_state.is_reporting.store(false);
  the_state.file.store(made->file_.get());
  warm_up_backtrace();
  watch_exit();
  set_signal_stacks_wanted(true);
  ensure_signal_stack();
  const auto action = crash_action();
  for (std::size_t i = 0; i < reported_signals.size(); ++i)
    ::sigaction(reported_signals[i].number, nullptr, &the_state.former[i]);
  for (const auto& signal : reported_signals)
    ::sigaction(signal.number, &action, nullptr);
  return made;
}

crash_reporter::~crash_reporter() {
  for (std::size_t i = 0; i < reported_signals.size(); ++i)
    ::sigaction(reported_signals[i].number, &the_state.former[i], nullptr);
  set_signal_stacks_wanted(false);
  the_state.file.store(-1);
  std::error_code ignored;
  if (the_state.pid.load() == ::getpid())
    std::filesystem::remove(path_, ignored);
  the_state.is_taken.store(false);
}

}  // namespace libagent
