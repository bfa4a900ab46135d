#include "apps/lab/overhead_process.hpp"

#include <nlohmann/json.hpp>

#include <array>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>
#include <unistd.h>

namespace libagent::lab {

namespace {

struct start_sample {
  double ready_ms = 0;
  double idle_mb = 0;
};

/// The other program is a sibling: both are built into one folder.
std::filesystem::path agent_program() {
  return std::filesystem::read_symlink("/proc/self/exe").parent_path() / "agent";
}

/// Starts the server, waits for its ready line, lets it settle, and ends it.
expected<start_sample> start_once(const std::filesystem::path& program,
                                  const std::filesystem::path& folder,
                                  std::chrono::milliseconds settle) {
  const auto command = "exec " + program.string() + " serve --port 0 --docs " + folder.string() +
                       " --set documents.data-dir=" + folder.string() + " 2>/dev/null";
  const auto begin = std::chrono::steady_clock::now();
  std::FILE* pipe = popen(command.c_str(), "r");  // NOLINT(cert-env33-c): our own program
  std::array<char, 4096> line{};
  if (pipe == nullptr || std::fgets(line.data(), line.size(), pipe) == nullptr) {
    if (pipe != nullptr)
      (void)pclose(pipe);
    return error{errc::unavailable, "start " + program.string() + ": it did not become ready"};
  }
  const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - begin;
  const auto pid = nlohmann::json::parse(line.data()).at("pid").get<int>();
  std::this_thread::sleep_for(settle);  // The declared idle time, not a synchronisation.
  const auto idle = static_cast<double>(resident_bytes(pid)) / 1e6;
  (void)kill(pid, SIGTERM);
  (void)pclose(pipe);
  return start_sample{took.count(), idle};
}

}  // namespace

std::uint64_t resident_bytes(int pid) {
  const auto process = pid == 0 ? std::string{"self"} : std::to_string(pid);
  std::ifstream statm{"/proc/" + process + "/statm"};
  std::uint64_t total = 0;
  std::uint64_t resident = 0;
  statm >> total >> resident;
  return statm ? resident * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE)) : 0;
}

void measure_process(report& into, const lab_options& options) {
  announce("starting the server");
  const auto program = agent_program();
  const auto folder =
      std::filesystem::temp_directory_path() / ("agent-lab-" + std::to_string(getpid()));
  std::filesystem::create_directories(folder);
  const int rounds = options.quick ? 3 : 20;
  std::vector<double> ready_ms;
  std::vector<double> idle_mb;
  for (int i = 0; i < rounds; ++i) {
    const auto sample = start_once(program, folder, std::chrono::seconds{1});
    if (!sample) {
      into.add_note(to_string(sample.error()));
      break;
    }
    ready_ms.push_back(sample->ready_ms);
    idle_mb.push_back(sample->idle_mb);
  }
  std::filesystem::remove_all(folder);
  if (ready_ms.empty())
    return;
  const auto ready = quantiles_of(ready_ms);
  const auto idle = quantiles_of(idle_mb);
  const auto size = static_cast<double>(std::filesystem::file_size(program)) / 1e6;
  into.add_row("process: agent serve, no documents", {{"starts", ready_ms.size()},
                                                      {"ready p50 ms", ready.p50},
                                                      {"ready max ms", ready.max},
                                                      {"idle RSS p50 MB", idle.p50},
                                                      {"idle RSS max MB", idle.max},
                                                      {"binary MB", size}});
  into.add_aim("RSS when idle", aim_is::at_most, 20, idle.max, "MB");
}

}  // namespace libagent::lab
