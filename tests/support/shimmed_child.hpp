#pragma once

#include "apps/lab/faults/fault_shim.hpp"

#include "tests/support/child_process.hpp"
#include "tests/support/temporary_folder.hpp"

#include <catch2/catch.hpp>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <map>
#include <stdexcept>
#include <string>
#include <unistd.h>
#include <utility>
#include <vector>

namespace libagent::testing {

// A sanitizer's library has to come before any other, and replaces the same calls.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr bool is_shim_usable = false;
#else
inline constexpr bool is_shim_usable = true;
#endif

inline constexpr exit_status ended_by_kill{.code = std::nullopt, .signal = SIGKILL};
inline constexpr exit_status ended_well{.code = 0, .signal = std::nullopt};

/// What a role gives to end by SIGKILL, so that nothing is flushed or closed.
inline constexpr int by_kill = -1;

/// What a test program does when it is started anew under the shim, by name. A role gives the exit
/// status, or `by_kill`.
using child_roles = std::map<std::string, std::function<int()>>;

/// Plays the role that a `shimmed_child` asked for; does not return.
[[noreturn]] inline void play_role(const child_roles& roles) {
  const char* const role = std::getenv("FAULT_TEST_ROLE");
  if (role == nullptr)
    throw std::runtime_error{"only a shimmed_child starts this test"};
  const int status = roles.at(role)();
  if (status == by_kill)
    ::raise(SIGKILL);
  ::_exit(status);
}

/// This program started anew under the shim, with the hidden test of tag `tag`, in `home`/work.
class shimmed_child {
public:
  shimmed_child(const temporary_folder& home, const std::string& tag, const std::string& role,
                const lab::fault_plan& plan)
      : process_{{.words = {std::filesystem::read_symlink("/proc/self/exe").string(), tag},
                  .environment = environment(role, plan),
                  .directory = (home.path() / "work").string()}} {}

  /// What it says next; the test framework has its own say before.
  [[nodiscard]] std::string line() { return process_.wait_for_line("> ", patience).substr(2); }

  void expect_end(const exit_status& wanted) {
    const auto ended = process_.wait(patience);
    INFO(process_.errors());
    REQUIRE(ended == wanted);
  }

private:
  static constexpr std::chrono::seconds patience{30};

  static std::vector<std::pair<std::string, std::string>> environment(const std::string& role,
                                                                      const lab::fault_plan& plan) {
    const auto library = lab::fault_shim_library();
    if (!library)
      throw std::runtime_error{to_string(library.error())};
    auto variables = lab::fault_environment(*library, plan);
    variables.emplace_back("FAULT_TEST_ROLE", role);
    return variables;
  }

  child_process process_;
};

/// Watches files with "watched" in their path, in `home`/work, and keeps `home`/undo.log.
inline lab::fault_plan recording_plan(const temporary_folder& home) {
  std::filesystem::create_directory(home.path() / "work");
  return {.path_part = "watched", .undo_log = home.path() / "undo.log"};
}

}  // namespace libagent::testing
