#include "apps/lab/memory_cage.hpp"

#include "libagent/base/cgroup_text.hpp"

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>
#include <sys/resource.h>
#include <system_error>
#include <unistd.h>

namespace libagent::lab {

namespace {

namespace fs = std::filesystem;

std::string text_of(const fs::path& file) {
  std::ifstream in{file};
  return {std::istreambuf_iterator<char>{in}, {}};
}

bool write_value(const fs::path& file, const std::string& value) {
  std::ofstream out{file};
  out << value << std::flush;
  return out.good();
}

/// The number behind `label` at the start of a line, or of the file when it is empty; 0 if none.
std::uint64_t number_in(const fs::path& file, std::string_view label) {
  std::ifstream in{file};
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with(label))
      return std::strtoull(line.c_str() + label.size(), nullptr, 10);
  }
  return 0;
}

rlimit hold_to(rlim_t bytes) {
  return {bytes, bytes};
}

}  // namespace

memory_cage::memory_cage(std::uint64_t limit_bytes) : limit_bytes_{limit_bytes} {
  const auto place = group_of_controller(text_of("/proc/self/cgroup"), "memory");
  if (!place)
    return;
  const fs::path mount{place->is_v2 ? "/sys/fs/cgroup" : "/sys/fs/cgroup/memory"};
  auto parent = mount / fs::path{place->path}.relative_path();
  if (!fs::exists(parent))  // in a container the path may be the host's
    parent = mount;
  if (make_group(place->is_v2, parent))
    how_ = place->is_v2 ? kind::cgroup_v2 : kind::cgroup_v1;
}

memory_cage::~memory_cage() {
  if (folder_.empty())
    return;
  // A process that has ended leaves its group a moment later.
  for (int i = 0; i < 100 && ::rmdir(folder_.c_str()) != 0; ++i)
    ::usleep(10'000);
}

bool memory_cage::make_group(bool is_v2, const fs::path& parent) {
  auto folder = parent / ("agent-lab-" + std::to_string(::getpid()));
  std::error_code failed;
  if (!fs::create_directory(folder, failed))
    return false;
  const auto limit = std::to_string(limit_bytes_);
  if (!write_value(folder / (is_v2 ? "memory.max" : "memory.limit_in_bytes"), limit)) {
    ::rmdir(folder.c_str());
    return false;
  }
  // Without swap beside it, where swap is accounted for.
  (void)write_value(folder / (is_v2 ? "memory.swap.max" : "memory.memsw.limit_in_bytes"),
                    is_v2 ? "0" : limit);
  folder_ = std::move(folder);
  return true;
}

bool memory_cage::enter() const {
  if (how_ != kind::address_space)
    return write_value(folder_ / "cgroup.procs", "0");
  // Address space is what is mapped, so what is mapped and unused has to be small: few arenas,
  // and small stacks for threads.
  ::setenv("MALLOC_ARENA_MAX", "2", 1);
  const auto stack = hold_to(rlim_t{256} << 10U);
  const auto space = hold_to(limit_bytes_);
  return ::setrlimit(RLIMIT_STACK, &stack) == 0 && ::setrlimit(RLIMIT_AS, &space) == 0;
}

std::string_view memory_cage::name() const {
  switch (how_) {
    using enum kind;
    case cgroup_v1: return "cgroup v1";
    case cgroup_v2: return "cgroup v2";
    case address_space: break;
  }
  return "RLIMIT_AS";
}

std::uint64_t memory_cage::oom_kills() const {
  if (how_ == kind::address_space)
    return 0;
  return number_in(folder_ / (how_ == kind::cgroup_v2 ? "memory.events" : "memory.oom_control"),
                   "oom_kill ");
}

std::uint64_t memory_cage::peak_bytes() const {
  if (how_ == kind::address_space)
    return 0;
  return number_in(
      folder_ / (how_ == kind::cgroup_v2 ? "memory.peak" : "memory.max_usage_in_bytes"), "");
}

}  // namespace libagent::lab
