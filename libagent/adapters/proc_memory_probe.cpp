#include "libagent/adapters/proc_memory_probe.hpp"

#include "libagent/memory/proc_text.hpp"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <string>
#include <sys/resource.h>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace libagent {

namespace {

// The control group whose limit binds this process.
struct binding_group {
  std::filesystem::path folder;
  bool is_v2 = false;
  std::uint64_t limit_bytes = 0;
};

error file_failure(std::string_view what, const std::filesystem::path& path) {
  return {errc::io_failed,
          std::string{what} + " " + path.string() + ": " + std::generic_category().message(errno)};
}

std::optional<std::uint64_t> limit_of_group(const std::filesystem::path& folder, bool is_v2) {
  const auto file = kept_file::open(folder / (is_v2 ? "memory.max" : "memory.limit_in_bytes"));
  if (!file)
    return std::nullopt;
  std::array<char, 4096> buffer{};
  const auto text = file->read(buffer);
  return text ? bytes_in_cgroup_file(*text).value_or(std::nullopt) : std::nullopt;
}

// Limits hold for all groups below, so every group from the process's own up to the root counts.
// In a container the path may be the host's and lead nowhere; the mount's root is then the
// container's own group, and it is where the walk ends.
std::optional<binding_group> find_binding_group(const proc_roots& roots) {
  const auto file = kept_file::open(roots.proc / "self/cgroup");
  std::array<char, 4096> buffer{};
  const auto text = file ? file->read(buffer) : std::string_view{};
  const auto place = text ? memory_group_in_cgroup(*text) : std::nullopt;
  if (!place)
    return std::nullopt;
  const auto mount = place->is_v2 ? roots.cgroup : roots.cgroup / "memory";
  std::optional<binding_group> tightest;
  for (auto path = std::filesystem::path{place->path}.relative_path();; path = path.parent_path()) {
    const auto folder = mount / path;
    const auto limit = limit_of_group(folder, place->is_v2);
    if (limit && (!tightest || *limit < tightest->limit_bytes))
      tightest = binding_group{folder, place->is_v2, *limit};
    if (path.empty())
      return tightest;
  }
}

}  // namespace

expected<kept_file> kept_file::open(const std::filesystem::path& path) {
  const auto descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0)
    return file_failure("open", path);
  return kept_file{descriptor, path};
}

kept_file::kept_file(int descriptor, std::filesystem::path path)
    : descriptor_{descriptor}, path_{std::move(path)} {}

kept_file::kept_file(kept_file&& other) noexcept
    : descriptor_{std::exchange(other.descriptor_, -1)}, path_{std::move(other.path_)} {}

kept_file& kept_file::operator=(kept_file&& other) noexcept {
  std::swap(descriptor_, other.descriptor_);
  std::swap(path_, other.path_);
  return *this;
}

kept_file::~kept_file() {
  if (descriptor_ >= 0)
    ::close(descriptor_);
}

expected<std::string_view> kept_file::read(std::array<char, 4096>& buffer) const {
  const auto length = ::pread(descriptor_, buffer.data(), buffer.size(), 0);
  if (length < 0)
    return file_failure("read", path_);
  return std::string_view{buffer.data(), static_cast<std::size_t>(length)};
}

proc_memory_probe::proc_memory_probe(kept_file statm, kept_file meminfo,
                                     std::optional<kept_file> pressure,
                                     std::optional<group_files> group)
    : statm_{std::move(statm)},
      meminfo_{std::move(meminfo)},
      pressure_{std::move(pressure)},
      group_{std::move(group)} {}

expected<std::unique_ptr<proc_memory_probe>> proc_memory_probe::open(const proc_roots& roots) {
  auto statm = kept_file::open(roots.proc / "self/statm");
  if (!statm)
    return statm.error();
  auto meminfo = kept_file::open(roots.proc / "meminfo");
  if (!meminfo)
    return meminfo.error();
  std::optional<kept_file> pressure;
  if (auto file = kept_file::open(roots.proc / "pressure/memory"))
    pressure = std::move(*file);
  std::optional<group_files> group;
  if (const auto binding = find_binding_group(roots)) {
    auto usage = kept_file::open(binding->folder /
                                 (binding->is_v2 ? "memory.current" : "memory.usage_in_bytes"));
    auto stat = kept_file::open(binding->folder / "memory.stat");
    if (usage && stat)
      group = group_files{std::move(*usage), std::move(*stat)};
  }
  // The constructor is private, so make_unique cannot reach it.
  return std::unique_ptr<proc_memory_probe>{new proc_memory_probe{
      std::move(*statm), std::move(*meminfo), std::move(pressure), std::move(group)}};
}

expected<memory_reading> proc_memory_probe::read() {
  auto reading = read_process_and_machine();
  if (!reading)
    return reading;
  read_stalls(*reading);
  if (group_) {
    const auto group = read_group();
    if (!group)
      return group.error();
    reading->group_bytes = *group;
  }
  return reading;
}

expected<memory_reading> proc_memory_probe::read_process_and_machine() {
  static const auto page_bytes = static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
  const auto statm = statm_.read(buffer_);
  if (!statm)
    return statm.error();
  const auto resident = resident_bytes_in_statm(*statm, page_bytes);
  if (!resident)
    return resident.error();
  const auto meminfo = meminfo_.read(buffer_);
  if (!meminfo)
    return meminfo.error();
  const auto machine = machine_memory_in_meminfo(*meminfo);
  if (!machine)
    return machine.error();
  return memory_reading{*resident, machine->available_bytes, machine->total_bytes, std::nullopt};
}

// A kernel that was started with PSI switched off has the file and answers EOPNOTSUPP: no stalls
// are known then, which is not an error.
void proc_memory_probe::read_stalls(memory_reading& into) {
  if (!pressure_)
    return;
  const auto text = pressure_->read(buffer_);
  const auto stalls = text ? memory_stalls_in_pressure(*text) : text.error();
  if (stalls) {
    into.psi_some_us = stalls->some_us;
    into.psi_full_us = stalls->full_us;
  }
}

expected<std::uint64_t> proc_memory_probe::read_group() {
  const auto usage_text = group_->usage.read(buffer_);
  if (!usage_text)
    return usage_text.error();
  const auto usage = bytes_in_cgroup_file(*usage_text);
  if (!usage)
    return usage.error();
  const auto stat_text = group_->stat.read(buffer_);
  if (!stat_text)
    return stat_text.error();
  const auto inactive = inactive_file_in_cgroup_stat(*stat_text);
  if (!inactive)
    return inactive.error();
  const auto used = usage->value_or(0);
  return used - std::min(used, *inactive);
}

expected<memory_bounds> read_memory_bounds(const proc_roots& roots) {
  const auto file = kept_file::open(roots.proc / "meminfo");
  if (!file)
    return file.error();
  std::array<char, 4096> buffer{};
  const auto text = file->read(buffer);
  if (!text)
    return text.error();
  const auto machine = machine_memory_in_meminfo(*text);
  if (!machine)
    return machine.error();
  memory_bounds bounds;
  bounds.machine_bytes = machine->total_bytes;
  rlimit address_space{};
  if (::getrlimit(RLIMIT_AS, &address_space) == 0 && address_space.rlim_cur != RLIM_INFINITY)
    bounds.address_space_bytes = address_space.rlim_cur;
  if (const auto group = find_binding_group(roots))
    bounds.cgroup_bytes = group->limit_bytes;
  return bounds;
}

}  // namespace libagent
