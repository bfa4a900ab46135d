#include "libagent/adapters/crash_reporter.hpp"

#include "libagent/adapters/crash_report.hpp"
#include "libagent/adapters/running_task_mark.hpp"

#include "tests/support/temporary_folder.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <array>
#include <barrier>
#include <concepts>
#include <csignal>
#include <cstdlib>
#include <exception>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

using namespace libagent;
using libagent::testing::temporary_folder;

namespace {

// Their handlers come after ours, print, and choose another exit status.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool has_sanitizer_handlers = true;
#else
constexpr bool has_sanitizer_handlers = false;
#endif

constexpr task_id crashing_task = {{1, 2, 3, 4, 5, 6, 0x77, 8, 0x89, 10, 11, 12, 13, 14, 15, 16}};
constexpr int not_installed = 99;
constexpr int survived = 98;

/// Runs `work` in a copy of this process with a reporter in `home`; gives its wait status.
template <std::invocable Work>
int status_of_crashing(const temporary_folder& home, Work work) {
  const auto child = ::fork();
  if (child == 0) {
    // The test framework's own handlers would report a failed test.
    for (const int signal : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT})
      std::signal(signal, SIG_DFL);
    const rlimit no_core{.rlim_cur = 0, .rlim_max = 0};
    ::setrlimit(RLIMIT_CORE, &no_core);
    ::dup2(::open("/dev/null", O_WRONLY | O_CLOEXEC), STDERR_FILENO);
    const auto reporter = install_crash_reporter(home.path());
    if (!reporter)
      ::_exit(not_installed);
    work();
    ::_exit(survived);
  }
  int status = -1;
  REQUIRE(::waitpid(child, &status, 0) == child);
  return status;
}

bool ended_by(int status, int signal) {
  if (has_sanitizer_handlers)
    return !WIFEXITED(status) || WEXITSTATUS(status) < survived;
  return WIFSIGNALED(status) && WTERMSIG(status) == signal;
}

crash_report the_report_in(const temporary_folder& home) {
  auto taken = take_crash_reports(home.path());
  CHECK(taken.skipped.empty());
  REQUIRE(taken.reports.size() == 1);
  return taken.reports.front();
}

[[gnu::noinline]] void write_to_address(std::uintptr_t address) {
  *reinterpret_cast<volatile int*>(address) = 1;  // NOLINT(performance-no-int-to-ptr): to crash
}

// NOLINTNEXTLINE(misc-no-recursion): to overflow the stack
[[gnu::noinline]] int overflow_stack(volatile char* outer) {
  std::array<volatile char, 4096> frame{};
  frame[0] = *outer;
  return frame[0] == 0 ? 0 : overflow_stack(frame.data()) + frame[0];
}

void overflow_stack_of_this_thread() {
  volatile char outer = 1;
  overflow_stack(&outer);
}

[[noreturn]] void throw_out_of_noexcept() noexcept {
  std::terminate();
}

}  // namespace

TEST_CASE("a segmentation fault leaves a report with its task, and still ends the process") {
  const temporary_folder home;
  const auto status = status_of_crashing(home, [] {
    const running_task_mark mark{crashing_task, "bad\ntool"};
    write_to_address(0x10);
  });
  CHECK(ended_by(status, SIGSEGV));
  const auto report = the_report_in(home);
  CHECK(report.signal == "SIGSEGV");
  CHECK(report.address == 0x10);
  CHECK(report.task == crashing_task);
  CHECK(report.target == "bad?tool");
  CHECK(report.at > 1'600'000'000'000);
  CHECK(report.pid > 0);
  CHECK(std::ranges::count(report.backtrace, '\n') >= 3);
}

TEST_CASE("an abort leaves a report") {
  const temporary_folder home;
  CHECK(ended_by(status_of_crashing(home,
                                    [] {
                                      const running_task_mark mark{crashing_task, "tool"};
                                      throw_out_of_noexcept();
                                    }),
                 SIGABRT));
  const auto report = the_report_in(home);
  CHECK(report.signal == "SIGABRT");
  CHECK(report.task == crashing_task);
}

TEST_CASE("each of the deadly signals leaves a report, also when it was sent") {
  const auto [signal, name] = GENERATE(table<int, std::string>({{SIGBUS, "SIGBUS"},
                                                                {SIGFPE, "SIGFPE"},
                                                                {SIGILL, "SIGILL"},
                                                                {SIGABRT, "SIGABRT"},
                                                                {SIGSEGV, "SIGSEGV"}}));
  const temporary_folder home;
  CHECK(ended_by(status_of_crashing(home, [number = signal] { ::raise(number); }), signal));
  CHECK(the_report_in(home).signal == name);
}

TEST_CASE("a crash outside of any task leaves a report that names none") {
  const temporary_folder home;
  status_of_crashing(home, [] {
    {
      const running_task_mark over{crashing_task, "over"};
    }
    write_to_address(0x10);
  });
  const auto report = the_report_in(home);
  CHECK_FALSE(report.task);
  CHECK(report.target.empty());
}

TEST_CASE("a stack overflow leaves a report, on a thread that was made later") {
  const temporary_folder home;
  const auto status = status_of_crashing(home, [] {
    std::thread{[] {
      const running_task_mark mark{crashing_task, "deep"};
      overflow_stack_of_this_thread();
    }}.join();
  });
  CHECK(ended_by(status, SIGSEGV));
  const auto report = the_report_in(home);
  CHECK(report.signal == "SIGSEGV");
  CHECK(report.target == "deep");
}

TEST_CASE("of two threads that crash at once one is reported, with its own task") {
  const temporary_folder home;
  const auto status = status_of_crashing(home, [] {
    std::barrier together{2};
    const auto crash = [&together](std::uint8_t number) {
      const running_task_mark mark{task_id{{number}}, "tool" + std::to_string(number)};
      together.arrive_and_wait();
      write_to_address(std::uintptr_t{16} * number);
    };
    std::thread other{crash, std::uint8_t{1}};
    crash(2);
    other.join();
  });
  CHECK(ended_by(status, SIGSEGV));
  const auto report = the_report_in(home);
  REQUIRE((report.address == 16 || report.address == 32));
  REQUIRE(report.task);
  CHECK(report.task->bytes[0] == report.address / 16);
  CHECK(report.target == "tool" + std::to_string(report.address / 16));
}

TEST_CASE("a tool that calls exit leaves a report, and the exit status is the tool's") {
  const temporary_folder home;
  const auto status = status_of_crashing(home, [] {
    const running_task_mark mark{crashing_task, "quitter"};
    std::exit(3);
  });
  REQUIRE(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 3);
  const auto report = the_report_in(home);
  CHECK(report.signal == "exit(3)");
  CHECK(report.target == "quitter");
}

TEST_CASE("the inner task is reported, and the outer one after the inner one's end") {
  const temporary_folder home;
  status_of_crashing(home, [] {
    const running_task_mark outer{crashing_task, "outer"};
    const running_task_mark inner{crashing_task, "inner"};
    std::abort();
  });
  CHECK(the_report_in(home).target == "inner");
  status_of_crashing(home, [] {
    const running_task_mark outer{crashing_task, "outer"};
    {
      const running_task_mark inner{crashing_task, "inner"};
    }
    std::abort();
  });
  CHECK(the_report_in(home).target == "outer");
}

TEST_CASE("a copy of the process that crashes leaves no report in the name of the first") {
  const temporary_folder home;
  const auto status = status_of_crashing(home, [] {
    const auto copy = ::fork();
    if (copy == 0)
      std::abort();
    ::waitpid(copy, nullptr, 0);
  });
  CHECK(WEXITSTATUS(status) == survived);
  CHECK(take_crash_reports(home.path()).reports.empty());
}

TEST_CASE("a process that ends well leaves no file, and its handlers are put back") {
  const temporary_folder home;
  struct sigaction before{};
  struct sigaction after{};
  ::sigaction(SIGSEGV, nullptr, &before);
  {
    const auto reporter = install_crash_reporter(home.path() / "made");
    REQUIRE(reporter);
    CHECK_FALSE(std::filesystem::is_empty(home.path() / "made"));
    CHECK(install_crash_reporter(home.path()).error().code == errc::already_exists);
    CHECK(take_crash_reports(home.path() / "made").reports.empty());
    CHECK_FALSE(std::filesystem::is_empty(home.path() / "made"));
  }
  CHECK(std::filesystem::is_empty(home.path() / "made"));
  ::sigaction(SIGSEGV, nullptr, &after);
  CHECK(after.sa_sigaction == before.sa_sigaction);
}

TEST_CASE("a crash reporter that has no place for its file says why") {
  const temporary_folder home;
  home.write("file", "");
  const auto refused = install_crash_reporter(home.path() / "file");
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == errc::io_failed);
  CHECK_THAT(refused.error().context, Catch::Contains("Not a directory"));
  CHECK(install_crash_reporter(home.path()));
}
