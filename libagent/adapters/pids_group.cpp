#include "libagent/adapters/pids_group.hpp"

#include "libagent/base/cgroup_text.hpp"

#include <chrono>
#include <cstdlib>
#include <fcntl.h>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <sys/file.h>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>

namespace libagent {

namespace {

namespace fs = std::filesystem;

constexpr std::string_view group_prefix = "libagent-tool-";
/// Younger ones may not be locked yet by whoever makes them.
constexpr std::chrono::minutes sweep_age{1};

owned_descriptor open_procs(const fs::path& group) {
  return owned_descriptor{::open((group / "cgroup.procs").c_str(), O_WRONLY | O_CLOEXEC)};
}

bool is_held(const fs::path& group) {
  const auto procs = open_procs(group);
  return !procs.is_open() || ::flock(procs.get(), LOCK_EX | LOCK_NB) != 0;
}

std::optional<fs::path> own_pids_group(const proc_roots& roots) {
  std::ifstream file{roots.proc / "self/cgroup"};
  const std::string text{std::istreambuf_iterator<char>{file}, {}};
  const auto place = group_of_controller(text, "pids");
  if (!place || !place->path.starts_with('/'))
    return std::nullopt;
  const auto mount = place->is_v2 ? roots.cgroup : roots.cgroup / "pids";
  return mount / place->path.substr(1);
}

bool write_number(const fs::path& file, std::uint64_t number) {
  const owned_descriptor opened{::open(file.c_str(), O_WRONLY | O_CLOEXEC)};
  const auto text = std::to_string(number);
  return opened.is_open() &&
         ::write(opened.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size());
}

}  // namespace

std::optional<pids_group> pids_group::make(std::uint64_t count_max, const proc_roots& roots) {
  const auto parent = own_pids_group(roots);
  if (!parent)
    return std::nullopt;
  auto pattern = (*parent / (std::string{group_prefix} + "XXXXXX")).string();
  if (::mkdtemp(pattern.data()) == nullptr)
    return std::nullopt;
  const fs::path folder{pattern};
  owned_descriptor procs;
  if (write_number(folder / "pids.max", count_max))
    procs = hold_group(folder);
  pids_group made{folder, std::move(procs)};
  if (made.procs() < 0)
    return std::nullopt;
  return made;
}

pids_group::~pids_group() {
  if (!folder_.empty())
    ::rmdir(folder_.c_str());
}

bool pids_group::was_full() const {
  std::ifstream file{folder_ / "pids.events"};
  std::string name;
  std::uint64_t count = 0;
  return file >> name >> count && count > 0;
}

owned_descriptor hold_group(const fs::path& group) {
  auto procs = open_procs(group);
  if (procs.is_open())
    (void)::flock(procs.get(), LOCK_SH | LOCK_NB);  // where it is refused, age alone decides
  return procs;
}

std::vector<fs::path> abandoned_groups(const fs::path& parent, fs::file_time_type now) {
  std::vector<fs::path> found;
  std::error_code failed;
  for (const auto& entry : fs::directory_iterator{parent, failed}) {
    if (entry.path().filename().string().starts_with(group_prefix) &&
        now - entry.last_write_time(failed) > sweep_age && !is_held(entry.path()))
      found.push_back(entry.path());
  }
  return found;
}

bool pids_groups_work() {
  static const bool work = [] {
    if (const auto parent = own_pids_group({})) {
      for (const auto& group : abandoned_groups(*parent, fs::file_time_type::clock::now()))
        ::rmdir(group.c_str());  // refused while somebody is in it
    }
    return pids_group::make(1).has_value();
  }();
  return work;
}

}  // namespace libagent
